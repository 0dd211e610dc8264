import { describe, expect, test } from 'vitest';

import go from '../../action.go?raw';
import { ApiError } from '../src/lib/api';
import { Course, lasting, line } from '../src/lib/pages/admin/course';
import { keeping } from '../src/lib/i18n/keeping';
import { dayStart, detailsOf } from '../src/lib/pages/admin/log';
import { Listing } from '../src/lib/pages/admin/listing.svelte';
import { administers } from '../src/lib/pages/admin/may';
import type { Figures, Filter, Page } from '../src/lib/pages/admin/rest';

const none: Figures = {
  at: 0,
  uptime_ms: 0,
  users: 0,
  sessions: 0,
  connections: 0,
  rooms: 0,
  messages: 0,
  window_bytes: 0,
  heap_bytes: 0,
  memory_bytes: 0,
  goroutines: 0,
  accounts: 0,
};

describe('a list by pages', () => {
  const all = ['a', 'b', 'c', 'd', 'e'];
  const pages = (filter: Filter): Promise<Page<string>> => {
    const rest = all.filter((one) => one > (filter.after ?? '') && one !== filter.without);
    const entries = rest.slice(0, 2);
    return Promise.resolve({ entries, next: rest.length > 2 ? (entries.at(-1) ?? '') : '' });
  };

  test('goes on and back', async () => {
    let wanted: Filter = {};
    const list = new Listing(pages, () => wanted);
    expect(list.entries).toBeNull();
    await list.narrow();
    expect([list.entries, list.hasNext, list.hasPrevious, list.number]).toEqual([['a', 'b'], true, false, 1]);
    await list.next();
    await list.next();
    expect([list.entries, list.hasNext, list.hasPrevious, list.number]).toEqual([['e'], false, true, 3]);
    await list.previous();
    expect(list.entries).toEqual(['c', 'd']);
    await list.previous();
    expect([list.entries, list.hasPrevious]).toEqual([['a', 'b'], false]);
    await list.next();
    wanted = { without: 'b' };
    expect(list.entries).toEqual(['c', 'd']);
    await list.narrow();
    expect([list.entries, list.number]).toEqual([['a', 'c'], 1]);
  });

  test('shows what was asked for last, and what went wrong', async () => {
    const answers: ((page: Page<string>) => void)[] = [];
    const list = new Listing<string>(() => new Promise((answer) => answers.push(answer)));
    const first = list.narrow();
    const second = list.narrow();
    answers[1]?.({ entries: ['ab'], next: '' });
    await second;
    answers[0]?.({ entries: ['a'], next: '' });
    await first;
    expect([list.entries, list.busy]).toEqual([['ab'], false]);

    const failing = new Listing<string>(() => Promise.reject(new ApiError(403, 'forbidden', 'You may not.')));
    await failing.reload();
    expect([failing.entries, failing.fault, failing.busy]).toEqual([null, 'You may not.', false]);
  });
});

describe('the course of figures', () => {
  test('has a rate between two of them, also over a new start, and forgets', () => {
    const course = new Course(3);
    expect(course.add({ ...none, at: 1000, messages: 10 }).rate).toBeUndefined();
    expect(course.add({ ...none, at: 3000, messages: 20 }).rate).toEqual([5]);
    expect(course.add({ ...none, at: 5000, messages: 1 }).rate).toEqual([5]);
    expect(course.add({ ...none, at: 7000, messages: 1 }).rate).toEqual([5, 0]);
    expect(course.add({ ...none, at: 9000, users: 4 }).users).toEqual([0, 0, 4]);
  });

  test('is drawn within its box', () => {
    expect(line([0, 5, 10], 100, 20)).toBe('0.0,20.0 50.0,12.0 100.0,4.0');
    expect(line([0, 0], 100, 20)).toBe('0.0,20.0 100.0,20.0');
    expect(line([3], 100, 20)).toBe('0.0,4.0');
  });

  test('tells how long something has lasted', () => {
    const days = (n: number): string => `${n} d`;
    expect(lasting(0, days)).toBe('0:00:00');
    expect(lasting(3_723_000, days)).toBe('1:02:03');
    expect(lasting(2 * 86_400_000 + 61_000, days)).toBe('2 d, 0:01:01');
  });
});

describe('the log of actions', () => {
  test('has words for all that is done', () => {
    const verbs = [...go.matchAll(/^\tVerb\w+ +Verb = "(\w+)"$/gm)].map(([, verb]) => verb);
    expect(verbs.length).toBeGreaterThan(20);
    expect(Object.keys(keeping.t.verbs).sort()).toEqual(verbs.sort());
  });

  test('tells the details in words, and leaves what people wrote', () => {
    const details = {
      reason: 'true',
      until: 'forever',
      is_staff: 'true',
      locked: '""',
      slow_seconds: '30',
      access: 'public',
      as: 'superuser',
      odd: 'x',
    };
    const told = detailsOf({ id: 1, at: '', road: 'page', action: 'ban', subject: '', details });
    expect(told.map(({ label, value }) => `${label}: ${value}`)).toEqual([
      'who may enter: Everyone',
      'as: Superuser',
      'staff: yes',
      'lock: open',
      'odd: x',
      'reason: true',
      'slow mode: 30 s',
      'until: for good',
    ]);
  });

  test('is bounded by days of the reader’s calendar', () => {
    expect(dayStart('')).toBe('');
    expect(new Date(dayStart('2026-11-23')).getHours()).toBe(0);
    expect(Date.parse(dayStart('2026-03-31', 1))).toBe(new Date(2026, 3, 1).getTime());
  });
});

test('who has nothing to look after is not led there', () => {
  const me = {
    id: 1,
    username: 'a',
    display_name: '',
    email: '',
    email_confirmed: false,
    has_password: true,
    is_staff: true,
    is_superuser: false,
    can_create_rooms: true,
  };
  expect(administers({ ...me, permissions: ['add_room', 'manage_bots'] })).toBe(false);
  for (const permission of [
    'view_user',
    'delete_user',
    'view_room',
    'moderate_room',
    'add_invitation',
    'view_server',
  ])
    expect(administers({ ...me, permissions: [permission] })).toBe(true);
});
