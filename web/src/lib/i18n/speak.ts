import { language } from './language.svelte';
import type { Translation } from './language.svelte';

/** The languages that the page speaks, as they call themselves. */
export const tongues = [
  { tag: 'en', name: 'English', dir: 'ltr' },
  { tag: 'ar', name: 'العربية', dir: 'rtl' },
] as const;

type Tag = (typeof tongues)[number]['tag'];

/** What a person chose; `system` is the first of the browser's languages that the page speaks. */
export type Tongue = 'system' | Tag;

const load: Partial<Record<Tag, () => Promise<{ default: Translation }>>> = {
  ar: () => import('./ar'),
};

/** The tag of a choice. public/theme.js finds it in the same way, before the first painting. */
export function tagOf(chosen: Tongue, wanted: readonly string[] = navigator.languages): Tag {
  if (chosen !== 'system') return chosen;
  for (const one of wanted) {
    const found = tongues.find(({ tag }) => tag === one.split('-')[0]?.toLowerCase());
    if (found) return found.tag;
  }
  return 'en';
}

/** Speaks as chosen, as soon as the words are there. Where they cannot be loaded it is English: better than nothing at all. */
export async function speak(chosen: Tongue): Promise<void> {
  let tag = tagOf(chosen);
  let words: Translation | null = null;
  try {
    words = (await load[tag]?.())?.default ?? null;
  } catch {
    tag = 'en';
  }
  language.speak(tag, words);
  const root = document.documentElement;
  root.lang = tag;
  root.dir = tongues.find((one) => one.tag === tag)?.dir ?? 'ltr';
}
