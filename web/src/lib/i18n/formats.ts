/** How a language writes numbers, times and lists, and in which order it has names. */
export interface Formats {
  number: Intl.NumberFormat;
  clock: Intl.DateTimeFormat;
  full: Intl.DateTimeFormat;
  date: Intl.DateTimeFormat;
  moment: Intl.DateTimeFormat;
  day: Intl.DateTimeFormat;
  list: Intl.ListFormat;
  order: Intl.Collator;
}

/** Has each made when it is asked for first: making one takes as long as a small part of the page. */
function lazily<Made extends object>(makers: { [Name in keyof Made]: () => Made[Name] }): Made {
  const made = {};
  for (const [name, make] of Object.entries<() => unknown>(makers)) {
    const get = (): unknown => {
      const value = make();
      Object.defineProperty(made, name, { value });
      return value;
    };
    Object.defineProperty(made, name, { get, configurable: true });
  }
  return made as Made;
}

/**
 * The formats of a language: those of the country that the browser names with it, and the hours of the day counted to 12 or to
 * 24 as the browser's own language does, also where the page does not speak that.
 */
export function formatsOf(tag: string): Formats {
  const locale = navigator.languages.find((one) => one === tag || one.startsWith(`${tag}-`)) ?? tag;
  const dates = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(locale, options);
  return lazily<Formats>({
    number: () => new Intl.NumberFormat(locale),
    clock: () => {
      const { hourCycle } = new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions();
      return dates({ hour: '2-digit', minute: '2-digit', ...(hourCycle && { hourCycle }) });
    },
    // Styles and an hour cycle do not go together in every browser; the tag carries it.
    full: () => dates({ dateStyle: 'full', timeStyle: 'medium' }),
    date: () => dates({ dateStyle: 'medium' }),
    moment: () => dates({ dateStyle: 'medium', timeStyle: 'short' }),
    day: () => dates({ weekday: 'long', day: 'numeric', month: 'long' }),
    // The page's English has no comma before "and", in whichever country.
    list: () => new Intl.ListFormat(tag === 'en' ? 'en-GB' : locale),
    order: () => new Intl.Collator(locale, { sensitivity: 'base', numeric: true }),
  });
}
