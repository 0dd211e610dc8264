// How much the page does while messages pour in: what goes between threads, what is drawn, and what is said of times.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { Gather } from '../src/lib/client/gather';
import { Pulse } from '../src/lib/state/pulse';
import { fullTime, sameDay, shortTime } from '../src/lib/time';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('what goes between threads', () => {
  const gathering = (): { gather: Gather<number | string>; sent: (number | string)[][] } => {
    const sent: (number | string)[][] = [];
    return { gather: new Gather((some) => sent.push([...some])), sent };
  };

  test('goes at once where little is said', () => {
    const { gather, sent } = gathering();
    for (let at = 0; at < 3; at++) {
      gather.put(at);
      vi.advanceTimersByTime(8);
    }
    expect(sent).toEqual([[0], [1], [2]]);
  });

  test('goes together where much is said, all of it and in its order', () => {
    const { gather, sent } = gathering();
    for (let at = 0; at < 1000; at++) {
      gather.put(at);
      if (at % 5 === 4) vi.advanceTimersByTime(1);
    }
    vi.advanceTimersByTime(8);
    expect(sent.flat()).toEqual(Array.from({ length: 1000 }, (_, at) => at));
    expect(sent.length).toBeLessThanOrEqual(27);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('does not wait where it must not, and overtakes nothing', () => {
    const { gather, sent } = gathering();
    gather.put(1);
    gather.put(2);
    gather.rush('now');
    gather.put(3);
    expect(sent).toEqual([[1], [2, 'now']]);
    vi.advanceTimersByTime(8);
    expect(sent).toEqual([[1], [2, 'now'], [3]]);
  });

  test('is let go of where nobody listens any more', () => {
    const { gather, sent } = gathering();
    gather.put(1);
    gather.put(2);
    gather.stop();
    vi.advanceTimersByTime(100);
    expect(sent).toEqual([[1]]);
  });
});

describe('what comes by itself', () => {
  /** How often it is drawn where that takes `cost` milliseconds each time, while something comes in every millisecond. */
  function drawn(cost: number, time: number): number {
    let draws = 0;
    const pulse = new Pulse(() => {
      draws += 1;
      vi.advanceTimersByTime(cost);
    });
    for (const end = performance.now() + time; performance.now() < end;) {
      pulse.call();
      vi.advanceTimersByTime(1);
    }
    pulse.stop();
    return draws;
  }

  test('is drawn in each frame that there is time for', () => {
    expect(drawn(0, 1000)).toBeGreaterThan(55);
    expect(drawn(5, 1000)).toBeGreaterThan(55);
  });

  test.each([12, 30, 48, 400])(
    'leaves half of the time where it takes %i ms, and comes all the same',
    (cost) => {
      const draws = drawn(cost, 10_000);
      expect(draws * cost).toBeLessThan(cost > 50 ? 9500 : 5200);
      expect(draws).toBeGreaterThan(10_000 / (Math.min(cost, 50) + cost + 17) - 2);
    },
  );

  test('is not drawn while a person writes who was asked to wait no longer', () => {
    let draws = 0;
    const pulse = new Pulse(() => draws++);
    pulse.call();
    pulse.stop();
    vi.advanceTimersByTime(1000);
    expect(draws).toBe(0);
  });

  test('is drawn though the page is given no frames', () => {
    vi.stubGlobal('requestAnimationFrame', () => 0);
    let draws = 0;
    new Pulse(() => draws++).call();
    vi.advanceTimersByTime(1000);
    expect(draws).toBe(1);
    vi.unstubAllGlobals();
  });
});

describe('times', () => {
  const at = new Date(2026, 10, 23, 14, 5, 9, 400).getTime();

  test('are those of their second and minute', () => {
    expect(fullTime(at)).toBe(fullTime(at + 500));
    expect(fullTime(at + 600)).not.toBe(fullTime(at));
    expect(fullTime(at)).toContain('5:09');
    expect(shortTime(at + 50_000)).toBe(shortTime(at));
    expect(shortTime(at + 51_000)).not.toBe(shortTime(at));
  });

  test('are on the same day until midnight of the reader, in both directions', () => {
    const midnight = new Date(2026, 10, 24).getTime();
    for (const [one, other, same] of [
      [at, midnight - 1, true],
      [midnight - 1, at, true],
      [midnight - 1, midnight, false],
      [midnight, midnight - 1, false],
      [at, at + 365 * 86_400_000, false],
    ] as const) {
      expect(sameDay(one, other)).toBe(same);
    }
  });
});
