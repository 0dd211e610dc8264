import { number } from '../language.svelte';

/** A thing that is counted. Arabic has a form for one, for two, for three to ten, for eleven to 99, and for round hundreds. */
export interface Counted {
  /** Said without the number. */
  one: string;
  two: string;
  few: string;
  many: string;
  other: string;
}

const rules = new Intl.PluralRules('ar');

/** "كتاب واحد", "كتابان", "٣ كتب", "١١ كتابًا", "١٠٠ كتاب". */
export function counted(n: number, forms: Counted): string {
  const kind = rules.select(n);
  if (kind === 'one' || kind === 'two') return forms[kind];
  return `${number(n)} ${forms[kind === 'zero' ? 'other' : kind]}`;
}
