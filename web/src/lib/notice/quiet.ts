/** The times for which one can ask not to be disturbed. */
export const quietTimes = ['half', 'hour', 'tomorrow'] as const;

export type QuietTime = (typeof quietTimes)[number];

/** At what hour of the next day one can be disturbed again. */
const morning = 8;

/** When a time that begins now is over, in milliseconds since 1970. */
export function quietUntil(time: QuietTime, now: number): number {
  if (time === 'half') return now + 30 * 60_000;
  if (time === 'hour') return now + 60 * 60_000;
  const day = new Date(now);
  // The next morning: after midnight that is the same day's.
  if (day.getHours() >= morning) day.setDate(day.getDate() + 1);
  return day.setHours(morning, 0, 0, 0);
}
