/** How a language writes numbers, times and lists, and in which order it has names. */
export interface Formats {
  number: Intl.NumberFormat;
  clock: Intl.DateTimeFormat;
  full: Intl.DateTimeFormat;
  date: Intl.DateTimeFormat;
  day: Intl.DateTimeFormat;
  list: Intl.ListFormat;
  order: Intl.Collator;
}

/**
 * The formats of a language: those of the country that the browser names with it, and the hours of the day counted to 12 or to
 * 24 as the browser's own language does, also where the page does not speak that.
 */
export function formatsOf(tag: string): Formats {
  const locale = navigator.languages.find((one) => one === tag || one.startsWith(`${tag}-`)) ?? tag;
  const { hourCycle } = new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions();
  const hours = hourCycle && { hourCycle };
  return {
    number: new Intl.NumberFormat(locale),
    clock: new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', ...hours }),
    // Styles and an hour cycle do not go together in every browser; the tag carries it.
    full: new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'medium' }),
    date: new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }),
    day: new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' }),
    // The page's English has no comma before "and", in whichever country.
    list: new Intl.ListFormat(tag === 'en' ? 'en-GB' : locale),
    order: new Intl.Collator(locale, { sensitivity: 'base', numeric: true }),
  };
}
