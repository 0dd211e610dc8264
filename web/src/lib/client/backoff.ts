/**
 * What a close code tells a client to do (docs/protocol.md, "Close codes"):
 * come back now, after a moment, later and later, log in first, or not at all.
 */
export type Verdict = 'now' | 'moment' | 'later' | 'login' | 'never';

/** Decides by the code alone. Codes of a later server are decided by their hundred. */
export function verdictOf(code: number): Verdict {
  switch (code) {
    case 1001:
      return 'moment';
    case 1002:
    case 1003:
    case 1007:
    case 1009:
      return 'never';
    case 4500:
      return 'login';
  }
  if (code >= 4000 && code < 4100) return 'now';
  if (code >= 4500 && code < 4600) return 'never';
  // 41xx says later; 1006 and the like say nothing, so waiting longer each time is the polite thing.
  return 'later';
}

/** The longest wait between two tries, in milliseconds. */
export const longestWait = 30_000;

/** The longest spread that is taken at its word, in milliseconds: a server's slip must not keep everybody out. */
const longestSpread = 5 * 60_000;

/**
 * How long to wait before the next try, in milliseconds. `tries` is how many have failed since a connection last held;
 * `random` gives a number from 0 up to 1. Waits are spread at random, so that a thousand pages that lost the same server
 * do not come back in the same instant. `spread` is over how many milliseconds a server that stops asked for the return to be
 * spread; -1 where it did not ask.
 */
export function waitFor(verdict: Verdict, tries: number, random: () => number, spread = -1): number {
  if (spread >= 0) {
    // A server that stops again and again would be hammered by those whom it asks to come back at once.
    const least = tries === 0 ? 0 : waitFor('later', tries, random);
    return Math.min(Math.max(random() * spread, least), longestSpread);
  }
  if (verdict === 'moment' && tries === 0) return 1000 + random() * 4000;
  // "Now" is taken at its word once; a server that says it again and again would be hammered.
  if (verdict === 'now' && tries === 0) return random() * 500;
  const most = Math.min(longestWait, 1000 * 2 ** Math.min(tries, 10));
  return most / 2 + (random() * most) / 2;
}
