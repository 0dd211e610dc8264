import { read, write } from './remember';

/** What a person can have otherwise, and the ways there are; the first is what holds where nothing was chosen. */
export const ways = {
  theme: ['system', 'light', 'dark', 'contrast'],
  language: ['system', 'en', 'ar'],
  text: ['normal', 'small', 'large', 'huge'],
  motion: ['system', 'less', 'full'],
  enter: ['send', 'line'],
  typing: ['tell', 'hide'],
  seen: ['tell', 'hide'],
  files: ['keep', 'none'],
} as const;

export type Preference = keyof typeof ways;
export type Way<Of extends Preference> = (typeof ways)[Of][number];

/** Those that the style sheet knows, as attributes of the root. public/theme.js sets them before the first painting. */
const styled = ['theme', 'text', 'motion'] as const;

/** Whether the system asks for more contrast. */
const contrast = matchMedia('(prefers-contrast: more)');

const keyOf = (what: string): string => `earshot.${what}`;

/** How a person wants the page, in this browser. Kept where it differs from what holds anyway. */
class Preferences {
  #chosen = $state.raw<Partial<Record<Preference, string>>>({});

  constructor() {
    this.#read();
    contrast.addEventListener('change', () => {
      this.#show();
    });
    // Chosen in another tab, or forgotten there.
    addEventListener('storage', ({ key }) => {
      if (key === null || key.startsWith(keyOf(''))) this.#read();
    });
  }

  get<Of extends Preference>(what: Of): Way<Of> {
    const known: readonly string[] = ways[what];
    const chosen = this.#chosen[what];
    return (chosen !== undefined && known.includes(chosen) ? chosen : known[0]) as Way<Of>;
  }

  choose<Of extends Preference>(what: Of, way: Way<Of>): void {
    write(keyOf(what), way === ways[what][0] ? null : way);
    this.#chosen = { ...this.#chosen, [what]: way };
    this.#show();
  }

  /** Everything as it is where nothing was chosen. */
  reset(): void {
    for (const what of Object.keys(ways)) write(keyOf(what), null);
    this.#read();
  }

  #read(): void {
    this.#chosen = Object.fromEntries(
      Object.keys(ways).map((what) => [what, read(keyOf(what)) ?? undefined]),
    );
    this.#show();
  }

  #show(): void {
    const { dataset } = document.documentElement;
    for (const what of styled) {
      let way: string = this.get(what);
      if (what === 'theme' && way === 'system' && contrast.matches) way = 'contrast';
      if (way === ways[what][0]) Reflect.deleteProperty(dataset, what);
      else dataset[what] = way;
    }
  }
}

export const preferences = new Preferences();
