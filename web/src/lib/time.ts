import { common } from './i18n/common';
import type { Formats } from './i18n/formats';
import { language } from './i18n/language.svelte';

/**
 * Says a moment, by its second or its minute, and remembers the last answer: a format costs as much as the whole of a row, and
 * those who talk fast say hundreds of messages in a second.
 */
function timed(unit: number, say: (formats: Formats, at: number) => string): (at: number) => string {
  let last: { formats: Formats; unit: number; words: string } | undefined;
  return (at) => {
    const { formats } = language;
    const now = Math.floor(at / unit);
    if (last?.unit !== now || last.formats !== formats)
      last = { formats, unit: now, words: say(formats, at) };
    return last.words;
  };
}

/** "14:05", as the page's language has it. */
export const clockTime = timed(60_000, ({ clock }, at) => clock.format(at));

/** The same without "PM", for where there is little space. */
export const shortTime = timed(60_000, ({ clock }, at) =>
  clock
    .formatToParts(at)
    .filter(({ type }) => type !== 'dayPeriod')
    .map(({ value }) => value)
    .join('')
    .trim(),
);

/** Date and time in full, for a tooltip. */
export const fullTime = timed(1000, ({ full }, at) => full.format(at));

/** "Today", "Yesterday" or the day by name. */
export function dayName(at: number, now: number): string {
  const today = new Date(now);
  if (sameDay(at, now)) return common.t.today;
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (sameDay(at, yesterday.getTime())) return common.t.yesterday;
  return language.formats.day.format(at);
}

/** Where the day of `at` begins and ends by the reader's calendar. */
function dayOf(at: number): { from: number; to: number } {
  const day = new Date(at);
  const [year, month, date] = [day.getFullYear(), day.getMonth(), day.getDate()];
  return { from: new Date(year, month, date).getTime(), to: new Date(year, month, date + 1).getTime() };
}

/** The day that was asked for last: it is asked twice of every message. */
let day = { from: 0, to: 0 };

/** Whether two moments are on one day of the reader's calendar. */
export function sameDay(a: number, b: number): boolean {
  if (b < day.from || b >= day.to) day = dayOf(b);
  return a >= day.from && a < day.to;
}
