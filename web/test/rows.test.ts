import { describe, expect, test, vi, afterEach, beforeEach } from 'vitest';
import type { Item, Said } from '../src/lib/state/types';
import { Heights } from '../src/lib/ui/heights';
import { Pace } from '../src/lib/ui/pace.svelte';
import { few, guess, indexOf, Rows } from '../src/lib/ui/rows.svelte';
import type { Space } from '../src/lib/ui/rows.svelte';
import { ben } from './fake';

const said = (key: number, text = 'x'): Said => ({
  kind: 'said',
  reply: 0,
  quotes: 0,
  size: 0,
  edited: false,
  row: key,
  gone: false,
  reactions: [],
  key,
  user: ben,
  text,
  nonce: '',
  seq: key,
  at: 0,
  newDay: false,
  head: false,
  heard: -1,
});
const list = (from: number, to: number): Said[] =>
  Array.from({ length: to - from + 1 }, (_, at) => said(from + at));

describe('heights', () => {
  /** The same, as one would write it down. */
  const plain = (rows: Map<number, number>) => {
    const keys = [...rows.keys()].sort((a, b) => a - b).filter((key) => (rows.get(key) ?? 0) > 0);
    const top = (key: number): number =>
      keys.filter((one) => one < key).reduce((sum, one) => sum + (rows.get(one) ?? 0), 0);
    return { keys, top };
  };

  test('add up, whatever is set, let go or asked', () => {
    const heights = new Heights();
    const rows = new Map<number, number>();
    // By a fixed series, so that it fails again where it failed.
    let state = 7;
    const random = (below: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state % below;
    };
    let [first, next] = [1, 1];
    for (let step = 0; step < 3000; step++) {
      const what = random(10);
      if (what < 6) {
        heights.set(next, 1 + random(50));
        rows.set(next, heights.get(next));
        next += 1 + random(3);
      } else if (what < 9) {
        const key = first + random(Math.max(1, next - first));
        const height = random(60);
        if (rows.has(key)) {
          heights.set(key, height);
          rows.set(key, height);
        }
      } else {
        first = Math.min(next, first + random(15));
        heights.dropBefore(first);
        for (const key of rows.keys()) if (key < first) rows.delete(key);
      }
      if (step % 50 > 0) continue;
      const { keys, top } = plain(rows);
      expect(heights.total).toBe(top(Infinity));
      const key = first + random(Math.max(1, next - first));
      expect(heights.top(key)).toBe(top(key));
      const y = random(heights.total + 100) - 50;
      const found = keys.findLast((one) => top(one) <= y) ?? keys[0];
      if (found !== undefined) expect(heights.at(y)).toBe(found);
    }
    expect(next).toBeGreaterThan(3000);
  });

  test('of what was let go are not known again', () => {
    const heights = new Heights();
    heights.set(1000, 5);
    heights.set(3, 7);
    expect([heights.get(3), heights.total, heights.top(3), heights.at(-1)]).toEqual([0, 5, 0, 1000]);
  });
});

test('an item is found by its key', () => {
  const items = [1, 2, 5, 6].map((key) => ({ key }));
  expect([0, 1, 3, 5, 6, 7].map((key) => indexOf(items, key))).toEqual([0, 0, 2, 2, 3, 4]);
});

test('a guess is about right', () => {
  expect(guess(said(1), 800)).toBe(28);
  expect(guess({ ...said(1), head: true, newDay: true }, 800)).toBe(102);
  expect(guess(said(1, 'a\nb\nc'), 800)).toBe(76);
  expect(guess(said(1, 'x'.repeat(100_000)), 800)).toBe(guess(said(1, '\n'.repeat(100_000)), 800));
});

describe('rows', () => {
  const view = (top: number, height = 500) => ({ top, height, width: 800 });
  const keys = (shown: (Item | Space)[]): number[] => shown.map(({ key }) => key);
  const space = (shown: (Item | Space)[]): number[] =>
    shown.filter((one): one is Space => one.kind === 'space').map(({ height }) => height);
  /** The heights of all, spaces and rows, are always those of the whole. */
  const whole = (rows: Rows, shown: (Item | Space)[]): void => {
    const sum = shown.reduce((all, one) => all + (one.kind === 'space' ? one.height : 28), 0);
    expect(sum).toBe(rows.total);
  };

  test('of a short conversation are all there', () => {
    const items = list(1, few);
    const rows = new Rows();
    expect(rows.shown(items, true, false)).toEqual(items);
    expect(rows.shown(items, false, false)).toEqual(items);
  });

  test('at the end are the newest, and fewer when they come fast', () => {
    const items = list(1, 20_000);
    const rows = new Rows();
    const shown = rows.shown(items, true, false);
    expect(keys(shown)).toEqual([-1, ...list(20_001 - few, 20_000).map(({ key }) => key)]);
    expect(space(shown)).toEqual([(20_000 - few) * 28]);
    rows.look(view(0, 500), true);
    const fast = rows.shown(items, true, true);
    expect(fast.length).toBeLessThan(30);
    expect(keys(fast).slice(-20)).toEqual(list(19_981, 20_000).map(({ key }) => key));
    whole(rows, fast);
  });

  test('are those around what is seen, and the same until one has gone on', () => {
    const items = list(1, 20_000);
    const rows = new Rows();
    rows.shown(items, true, false);
    rows.look(view(28_000), false);
    const shown = rows.shown(items, false, false);
    const seen = keys(shown).filter((key) => key > 0);
    expect(seen[0]).toBeLessThan(1001 - 20);
    expect(seen.at(-1)).toBeGreaterThan(1019 + 20);
    expect(seen.length).toBeLessThan(100);
    expect(space(shown)).toHaveLength(2);
    whole(rows, shown);
    rows.look(view(28_100), false);
    expect(keys(rows.shown(items, false, false))).toEqual(keys(shown));
    rows.look(view(28_900), false);
    expect(keys(rows.shown(items, false, false))).not.toEqual(keys(shown));
    // Those that come below change nothing but the space for them.
    const more = [...items, ...list(20_001, 20_010)];
    expect(keys(rows.shown(more, false, false))).toEqual(keys(rows.shown(items, false, false)));
  });

  test('that somebody is at stay, and make one list with those around them', () => {
    const items = list(1, 5000);
    const rows = new Rows();
    rows.shown(items, true, false);
    rows.pin([{ from: 8, to: 10 }]);
    const shown = rows.shown(items, true, false);
    expect(keys(shown).slice(0, 6)).toEqual([-1, 8, 9, 10, -2, 5001 - few]);
    whole(rows, shown);
    rows.pin([
      { from: 4840, to: 4850 },
      { from: -3, to: 1 },
      { from: 9000, to: 9010 },
    ]);
    expect(keys(rows.shown(items, true, false)).slice(0, 4)).toEqual([1, -1, 4840, 4841]);
    whole(rows, rows.shown(items, true, false));
  });

  test('follow what comes, goes at the front, and is taken out between', () => {
    const rows = new Rows();
    let items = list(1, 1000);
    rows.shown(items, true, false);
    rows.measured(1000, 100);
    rows.measured(5000, 100);
    expect(rows.total).toBe(999 * 28 + 100);
    items = [...items.slice(500), ...list(1001, 1100)];
    rows.shown(items, true, false);
    expect(rows.total).toBe(599 * 28 + 100);
    items = items.filter(({ key }) => key !== 700 && key !== 1000);
    rows.shown([...items, said(1101)], true, false);
    expect(rows.total).toBe(599 * 28);
    // Nothing of what was there is left.
    rows.shown(list(5000, 5010), true, false);
    expect(rows.total).toBe(11 * 28);
    rows.shown([], true, false);
    expect(rows.total).toBe(0);
  });
});

describe('pace', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const pace = (): Pace => new Pace((count) => `${count} new`);

  test('a few are read out, each', () => {
    const one = pace();
    for (let at = 0; at < 20; at++) {
      one.heard(1, performance.now());
      expect([one.aloud, one.told]).toEqual([true, '']);
      vi.advanceTimersByTime(700);
    }
  });

  test('many are counted, every three seconds, until there are few again', () => {
    const one = pace();
    one.heard(3, performance.now());
    expect(one.aloud).toBe(true);
    one.heard(3, performance.now());
    expect(one.aloud).toBe(false);
    one.heard(9, performance.now());
    expect(one.told).toBe('');
    vi.advanceTimersByTime(3000);
    // The first three were read out.
    expect(one.told).toBe('12 new');
    one.heard(12, performance.now());
    vi.advanceTimersByTime(3000);
    expect(one.told).toBe('12 new\u00a0');
    vi.advanceTimersByTime(7000);
    expect([one.aloud, one.told]).toEqual([true, '']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a flood is told from what is only fast', () => {
    const one = pace();
    one.heard(100, performance.now());
    expect([one.aloud, one.flood]).toEqual([false, false]);
    one.heard(100, performance.now());
    expect(one.flood).toBe(true);
    vi.advanceTimersByTime(9000);
    expect([one.aloud, one.flood]).toEqual([true, false]);
    one.stop();
  });

  test('those that come below what one reads are counted, and for a moment after', () => {
    const one = pace();
    one.stand(true);
    one.heard(1, performance.now());
    expect(one.aloud).toBe(false);
    vi.advanceTimersByTime(3000);
    expect(one.told).toBe('1 new');
    one.stand(false);
    expect(one.aloud).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(one.aloud).toBe(true);
    one.stand(true);
    one.stop();
    vi.advanceTimersByTime(10_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});
