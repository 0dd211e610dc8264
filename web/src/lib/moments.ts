import { language } from './i18n/language.svelte';

/** The day of a time by RFC 3339, as the page's language has it. */
export const dayOf = (time: string): string => language.formats.date.format(new Date(time));

/** Day and time of day of it. */
export const momentOf = (time: string): string => language.formats.moment.format(new Date(time));

/** Both in full. */
export const fullOf = (time: string): string => language.formats.full.format(new Date(time));
