import { formatsOf } from './formats';
import type { Formats } from './formats';

/** What a language says in an area: sentences, and functions that make sentences of numbers and names. */
export type Words = Readonly<Record<string, unknown>>;

/** All areas of a language other than English, which every area brings itself. */
export type Translation = Readonly<Record<string, Words>>;

/** The language that the page speaks. */
class Language {
  #translation = $state.raw<Translation | null>(null);
  #tag = $state('en');
  readonly #formats = $derived(formatsOf(this.#tag));

  /** Its tag by BCP 47. */
  get tag(): string {
    return this.#tag;
  }

  /** How it writes numbers, times and lists. */
  get formats(): Formats {
    return this.#formats;
  }

  /** Speaks another; null is English. The page changes at once, wherever it shows words of a catalog. */
  speak(tag: string, translation: Translation | null): void {
    this.#tag = tag;
    this.#translation = translation;
  }

  of(area: string): Words | undefined {
    return this.#translation?.[area];
  }
}

export const language = new Language();

/** A number as the page's language writes it. */
export const number = (count: number): string => language.formats.number.format(count);

/**
 * An area's words in the page's language: read `t` where they are shown, and not before. A word that a language does not have is
 * English.
 */
export function catalog<Area extends Words>(area: string, english: Area): { readonly t: Area } {
  let from: Words | undefined;
  let words = english;
  return {
    get t(): Area {
      const found = language.of(area);
      if (found !== from) words = { ...english, ...found };
      from = found;
      return words;
    },
  };
}
