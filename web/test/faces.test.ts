import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Asking } from '../src/lib/asking';
import { faces } from '../src/lib/faces.svelte';
import { full, handle } from '../src/lib/naming';
import type { Shown } from '../src/lib/faces.svelte';
import { ana, ben, room } from './fake';

/** The questions that were put, and how the next are answered. */
let asked: (readonly number[])[] = [];
let answer: (ids: readonly number[]) => Promise<Shown>;
let asking: Asking;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  asked = [];
  answer = (ids) => Promise.resolve(new Map(ids.map((id) => [id, { name: `Nr. ${id}`, avatar: '' }])));
  asking = new Asking((ids) => {
    asked.push(ids);
    return answer(ids);
  });
});
afterEach(() => {
  asking.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const entered = (users = [ben]): void => {
  faces.heard({ type: 'entered', room: 1, seq: 1, at: 1, users, count: 2 });
};

test('five hundred people in twenty thousand rows are five questions', async () => {
  for (let row = 0; row < 20_000; row++) faces.of((row % 500) + 1);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked.map((ids) => ids.length)).toEqual([100, 100, 100, 100, 100]);
  expect(new Set(asked.flat()).size).toBe(500);
  expect(faces.called({ id: 77, name: 'x' })).toBe('Nr. 77');
  for (let row = 0; row < 20_000; row++) faces.of((row % 500) + 1);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toHaveLength(5);
});

test('who comes one after the other is asked about together, once a second', async () => {
  for (let id = 1; id <= 50; id++) {
    faces.of(id);
    await vi.advanceTimersByTimeAsync(100);
  }
  await vi.advanceTimersByTimeAsync(2000);
  expect(asked.length).toBeLessThanOrEqual(7);
  expect(asked.flat()).toHaveLength(50);
});

test('the username stands beside another display name, and is all there is without one', () => {
  faces.tell([
    [ana.id, { name: 'Ana María', avatar: '' }],
    [ben.id, { name: 'ben', avatar: 'x' }],
  ]);
  expect([faces.called(ana), handle(ana), full(ana)]).toEqual([
    'Ana María',
    '@ana',
    '\u2068Ana María\u2069 \u2068@ana\u2069',
  ]);
  expect([faces.called(ben), handle(ben), full(ben)]).toEqual(['ben', '', 'ben']);
  const nobody = { id: 9, name: 'zoe' };
  expect([faces.called(nobody), handle(nobody), full(nobody)]).toEqual(['zoe', '', 'zoe']);
});

test('what changes is shown at once, and one who comes back after a while is asked about again', async () => {
  faces.of(ben.id);
  await vi.advanceTimersByTimeAsync(100);
  faces.heard({ type: 'profile', room: 1, user: ben, display_name: 'Benjamin', avatar: 'a' });
  expect(faces.of(ben.id)).toEqual({ name: 'Benjamin', avatar: 'a' });
  await vi.advanceTimersByTimeAsync(30_000);
  entered();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(30_000);
  entered();
  faces.heard({ type: 'joined', ref: 1, room: 1, info: room(1), seq: 1, occupants: [ben, ana], count: 2 });
  await vi.advanceTimersByTimeAsync(2000);
  expect(asked).toHaveLength(1); // a room full of pages does not ask at one moment
  await vi.advanceTimersByTimeAsync(3000);
  expect(asked).toEqual([[ben.id], [ben.id]]);
  expect(faces.called(ben)).toBe('Nr. 2');
});

test('what could not be asked is asked when somebody is met', async () => {
  answer = () => Promise.reject(new Error('no network'));
  faces.of(ben.id);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(1);
  expect(faces.called(ben)).toBe('ben');
  answer = () => Promise.resolve(new Map());
  entered([ana]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toHaveLength(2);
  // Who is not there any more is nobody, and is not asked about for ever.
  expect(faces.of(ben.id)).toEqual({ name: '', avatar: '' });
});

test('after the log-out nothing is known, and an answer that comes late is nobody’s', async () => {
  let late: (shown: Shown) => void = () => undefined;
  answer = () => new Promise((done) => (late = done));
  faces.tell([[ana.id, { name: 'Ana', avatar: '' }]]);
  faces.of(ben.id);
  await vi.advanceTimersByTimeAsync(100);
  asking.stop();
  late(new Map([[ben.id, { name: 'Ben', avatar: '' }]]));
  await vi.advanceTimersByTimeAsync(60_000);
  expect([faces.of(ana.id), faces.of(ben.id)]).toEqual([undefined, undefined]);
  expect(asked).toHaveLength(1);
});
