import { common } from './i18n/common';
import { language } from './i18n/language.svelte';

/** "14:05", as the page's language has it. */
export const clockTime = (at: number): string => language.formats.clock.format(at);

/** The same without "PM", for where there is little space. */
export const shortTime = (at: number): string =>
  language.formats.clock
    .formatToParts(at)
    .filter(({ type }) => type !== 'dayPeriod')
    .map(({ value }) => value)
    .join('')
    .trim();

/** Date and time in full, for a tooltip. */
export const fullTime = (at: number): string => language.formats.full.format(at);

/** "Today", "Yesterday" or the day by name. */
export function dayName(at: number, now: number): string {
  const today = new Date(now);
  if (sameDay(at, now)) return common.t.today;
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (sameDay(at, yesterday.getTime())) return common.t.yesterday;
  return language.formats.day.format(at);
}

/** Whether two moments are on one day of the reader's calendar. */
export function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}
