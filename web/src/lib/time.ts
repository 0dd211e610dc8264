const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

/** "14:05", as the reader's language has it. */
export const clockTime = (at: number): string => clock.format(at);

/** The same without "PM", for where there is little space. */
export const shortTime = (at: number): string =>
  clock
    .formatToParts(at)
    .filter(({ type }) => type !== 'dayPeriod')
    .map(({ value }) => value)
    .join('')
    .trim();

/** Date and time in full, for a tooltip. */
export const fullTime = (at: number): string => full.format(at);

/** A span of milliseconds in the largest unit that fits it evenly: "1 minute", "90 seconds", "500 milliseconds". */
export function span(ms: number): string {
  const units = [
    [60_000, 'minute'],
    [1000, 'second'],
    [1, 'millisecond'],
  ] as const;
  const [size, unit] = units.find(([size]) => ms % size === 0 && ms >= size) ?? [1, 'millisecond'];
  const count = Math.round(ms / size);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** "Today", "Yesterday" or the day by name. */
export function dayName(at: number, now: number): string {
  const today = new Date(now);
  if (sameDay(at, now)) return 'Today';
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (sameDay(at, yesterday.getTime())) return 'Yesterday';
  return day.format(at);
}

/** Whether two moments are on one day of the reader's calendar. */
export function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}
