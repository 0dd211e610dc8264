import { describe, expect, test } from 'vitest';
import type { Frame } from '../src/lib/client/frames';
import type { Draft, Stage } from '../src/lib/client/outbox';
import type { Why } from '../src/lib/client/place';
import { mostItems, mostText, slack } from '../src/lib/state/items';
import { emptyState, reduce, reduceAll } from '../src/lib/state/reduce';
import type { Action, ChatState, Item, Passage, RoomState } from '../src/lib/state/types';
import type { Occupant, User } from '../src/lib/wire.gen';
import { ana, ben, cy, room } from './fake';

const noon = new Date(2026, 4, 5, 12).getTime();
const minute = 60_000;

const frame = (value: Frame, now = noon): Action => ({ type: 'frame', frame: value, now });
const joined = (seq = 0, occupants: User[] = [ana, ben], count = occupants.length): Action =>
  frame({ type: 'joined', ref: 1, room: 1, info: room(1), seq, occupants, count });
const said = (seq: number, user: User, text: string, at = noon, nonce = `n${seq}`): Action =>
  frame({ type: 'message', room: 1, seq, at, user, nonce, text }, at);
const presence = (
  type: 'entered' | 'departed',
  seq: number,
  users: User[],
  count: number,
  more = 0,
  at = noon,
): Action => frame({ type, room: 1, seq, at, users, count, more }, at);
const returned = (seq: number, occupants: Occupant[] = [ana, ben], now = noon): Action =>
  frame({ type: 'returned', room: 1, info: room(1), seq, lost: 0, occupants, count: occupants.length }, now);
const gap = (lost: number | 'unknown', why: Why, now = noon): Action => ({
  type: 'gap',
  room: 1,
  lost,
  why,
  now,
});
const lost = (now = noon): Action => ({ type: 'lost', now });
const draft = (text: string, stage: Stage, more: Partial<Draft> = {}): Draft => ({
  nonce: text,
  text,
  at: noon,
  stage,
  error: '',
  seq: 0,
  heard: 0,
  reply: 0,
  size: 0,
  tried: false,
  ...more,
});
const outbox = (drafts: Draft[], said: Draft[] = []): Action => ({ type: 'outbox', room: 1, drafts, said });

const run = (...actions: Action[]): ChatState => actions.reduce(reduce, emptyState(ana));
const inRoom = (...actions: Action[]): RoomState => {
  const found = run(joined(), ...actions).rooms[1];
  if (!found) throw new Error('not in the room');
  return found;
};
const kinds = (items: readonly Item[]): string[] =>
  items.map((item) => (item.kind === 'marker' ? item.what : item.kind === 'said' ? item.text : 'passage'));
const passage = (state: RoomState): Passage => {
  const found = state.items.at(-1);
  if (found?.kind !== 'passage') throw new Error('no passage');
  return found;
};

describe('joining', () => {
  test('begins with a marker, the people and no past', () => {
    const state = inRoom();
    expect(kinds(state.items)).toEqual(['start']);
    expect(state).toMatchObject({ live: true, count: 2, people: [ana, ben], more: false, unread: 0 });
  });

  test('more people than named can be asked for after the last name', () => {
    const state = run(joined(0, [ana, ben], 250)).rooms[1];
    expect(state).toMatchObject({ more: true, cursor: 'ben', count: 250 });
  });

  test('frames of a room one is not in change nothing', () => {
    const state = run(said(1, ben, 'x'), presence('entered', 2, [cy], 3));
    expect(state.rooms).toEqual({});
  });
});

describe('the journey of a message', () => {
  const posted = (nonce: string, seq: number, heard: number): Action =>
    frame({ type: 'posted', ref: 2, room: 1, seq, at: noon, nonce, heard });

  test('is in the outbox as the client says, until its event takes it out: it never stands twice', () => {
    const state = inRoom(outbox([draft('a', 'sending')]));
    expect(state.outbox).toMatchObject([{ text: 'a', stage: 'sending' }]);
    const taken = draft('a', 'taken', { seq: 1, heard: 7 });
    const after = inRoom(outbox([taken, draft('b', 'sending')]), said(1, ana, 'a', noon, 'a'));
    expect(after.outbox).toMatchObject([{ text: 'b' }]);
    expect(after.items.at(-1)).toMatchObject({ kind: 'said', text: 'a', heard: 7 });
  });

  test('its event may come before its acknowledgement', () => {
    const state = inRoom(
      outbox([draft('a', 'sending')]),
      said(1, ana, 'mine', noon, 'a'),
      outbox([]),
      posted('a', 1, 3),
    );
    expect(state.items.filter(({ kind }) => kind === 'said')).toHaveLength(1);
    expect(state.items.at(-1)).toMatchObject({ heard: 3 });
  });

  test("another's nonce is no match", () => {
    const mine = draft('a', 'taken', { seq: 1, heard: 7 });
    const state = inRoom(outbox([mine]), said(1, ben, 'theirs', noon, 'a'), posted('b', 1, 3));
    expect(state.items.at(-1)).toMatchObject({ text: 'theirs', heard: -1 });
  });

  test('one that was heard without its event stands where it was said', () => {
    const taken = draft('mine', 'taken', { seq: 1, heard: 2 });
    const state = inRoom(
      outbox([taken]),
      lost(),
      outbox([], [taken]),
      joined(0),
      gap('unknown', 'away', noon + minute),
    );
    expect(kinds(state.items)).toEqual(['start', 'mine', 'away']);
    expect(state.items[1]).toMatchObject({ heard: 2, user: ana });
    expect(state.items[2]).toMatchObject({ at: noon, until: noon + minute });
  });
});

describe('a lost connection', () => {
  test('is marked while it lasts, and leaves nothing if nothing was missed', () => {
    const away = inRoom(said(1, ben, 'one'), lost(), lost(noon + 1));
    expect(kinds(away.items)).toEqual(['start', 'one', 'lost']);
    expect(away).toMatchObject({ live: false, typing: [] });
    const back = inRoom(said(1, ben, 'one'), lost(), returned(2), said(2, ben, 'two'));
    expect(kinds(back.items)).toEqual(['start', 'one', 'two']);
    expect(back).toMatchObject({ live: true });
  });

  test('is a gap if something was', () => {
    const state = inRoom(said(1, ben, 'one'), lost(), returned(9), gap(7, 'lost'), said(9, ben, 'nine'));
    expect(kinds(state.items)).toEqual(['start', 'one', 'gap', 'nine']);
    expect(state.items[2]).toMatchObject({ count: 7 });
    // Also where nothing was said before.
    expect(kinds(inRoom(lost(), returned(9), gap(7, 'lost')).items)).toEqual(['start', 'gap']);
  });

  test.each(['away', 'restart'] as const)('is told with its times if the session was over: %s', (why) => {
    const state = inRoom(said(1, ben, 'one'), lost(), joined(0), gap('unknown', why, noon + minute));
    expect(kinds(state.items)).toEqual(['start', 'one', why]);
    expect(state.items[2]).toMatchObject({ at: noon, until: noon + minute });
    expect(state.live).toBe(true);
  });

  test('and another one with nothing in between are one', () => {
    const over = (at: number, why: Why): Action[] => [lost(at), joined(), gap('unknown', why, at + 1)];
    // A room in which nothing was said tells it as well.
    expect(kinds(inRoom(...over(noon, 'away')).items)).toEqual(['start', 'away']);
    const twice = inRoom(said(1, ben, 'one'), ...over(noon, 'restart'), ...over(noon + 5, 'away'));
    expect(kinds(twice.items)).toEqual(['start', 'one', 'restart']);
    expect(twice.items[2]).toMatchObject({ at: noon, until: noon + 6 });
    // One that was nothing after one that was something takes nothing away.
    const mild = inRoom(said(1, ben, 'one'), ...over(noon, 'away'), lost(noon + 5), returned(1));
    expect(kinds(mild.items)).toEqual(['start', 'one', 'away']);
    const talked = inRoom(...over(noon, 'away'), said(1, ben, 'one'), ...over(noon + 5, 'away'));
    expect(kinds(talked.items)).toEqual(['start', 'away', 'one', 'away']);
    const day = 24 * 60 * minute;
    const later = inRoom(said(1, ben, 'one'), ...over(noon, 'away'), ...over(noon + day, 'away'));
    expect(kinds(later.items)).toEqual(['start', 'one', 'away', 'away']);
  });

  test('gaps that are counted add up, unless nobody knows one of them', () => {
    const count = (...lots: (number | 'unknown')[]): unknown => {
      const state = inRoom(said(1, ben, 'one'), ...lots.map((lot) => gap(lot, 'hole')));
      expect(state.items).toHaveLength(3);
      return state.items[2];
    };
    expect(count(2, 3)).toMatchObject({ what: 'gap', count: 5 });
    expect(count(2, 'unknown')).toMatchObject({ what: 'gap', count: 0 });
    expect(count('unknown', 2)).toMatchObject({ what: 'gap', count: 0 });
  });

  test('that ended with the room leaves the end only', () => {
    const over: Action = { type: 'refused', room: 1, error: 'Gone.', now: noon };
    expect(kinds(inRoom(said(1, ben, 'one'), lost(), over).items)).toEqual(['start', 'one', 'removed']);
  });
});

describe('what was missed', () => {
  const away = { ...ben, status: 'away' };

  test('changes nothing of who is inside now', () => {
    const state = inRoom(
      lost(),
      returned(4, [ana, away]),
      presence('departed', 1, [ben], 1),
      presence('entered', 2, [ben, cy], 3),
      presence('departed', 3, [cy], 2, 5),
      frame({ type: 'changed', room: 1, seq: 4, at: noon, info: { ...room(1), title: 'Old' } }),
    );
    expect(state).toMatchObject({ people: [ana, away], count: 2, stale: false });
    expect(state.info.title).toBe('Room 1');
    expect(passage({ ...state, items: state.items.slice(0, -1) })).toMatchObject({ returned: [ben] });
  });

  test('and what happens after it does', () => {
    const state = inRoom(lost(), returned(4, [ana, away]), presence('departed', 5, [ben], 1));
    expect(state).toMatchObject({ people: [ana], count: 1 });
  });

  test("one's own departure and return are not told", () => {
    const own = ['departed', 'entered'] as const;
    const state = inRoom(lost(), returned(2), ...own.map((type, i) => presence(type, i + 1, [ana], 2)));
    expect(kinds(state.items)).toEqual(['start']);
    expect(state.people).toEqual([ana, ben]);
  });
});

test('a page that was loaded anew says so, once', () => {
  const state = run(returned(5), said(6, ben, 'meanwhile')).rooms[1];
  expect(kinds(state?.items ?? [])).toEqual(['reloaded', 'meanwhile']);
  expect(state).toMatchObject({ live: true, people: [ana, ben] });
  // And one whose session was over hears from here on.
  const fresh = run(joined(5), gap('unknown', 'restart')).rooms[1];
  expect(kinds(fresh?.items ?? [])).toEqual(['start', 'restart']);
});

describe('the end of a room', () => {
  test.each([
    ['closed', frame({ type: 'closed', room: 1, seq: 1, at: noon }), 'This room was deleted.'],
    ['removed', frame({ type: 'removed', room: 1, code: 'forbidden', message: 'No more.' }), 'No more.'],
    [
      'removed',
      { type: 'refused', room: 1, error: 'There is no such room.', now: noon },
      'There is no such room.',
    ],
  ] as const)('%s', (what, action, note) => {
    const state = inRoom(said(1, ben, 'one'), action);
    expect(state).toMatchObject({ live: false, over: note, people: [] });
    expect(kinds(state.items).at(-1)).toBe(what);
    expect(kinds(run(joined(), action, joined(5)).rooms[1]?.items ?? []).at(-1)).toBe('start');
  });

  test('who was put out knows why, until when, and only until they are back', () => {
    const why = { code: 'kicked', message: 'You can come back in 60 s.', reason: 'Spam', retry_ms: 60_000 };
    const out = frame({ type: 'removed', room: 1, ...why });
    expect(inRoom(out)).toMatchObject({ over: 'You were put out of this room.', out: { ...why, at: noon } });
    expect(run(joined(), out, joined(5)).rooms[1]).toMatchObject({ over: '', out: null });
  });

  test('leaving forgets all of it', () => {
    expect(run(joined(), said(1, ben, 'x'), { type: 'forget', room: 1 }).rooms).toEqual({});
  });
});

describe('groups', () => {
  test.each([
    ['same author within five minutes', ben, 4 * minute, false],
    ['same author later', ben, 6 * minute, true],
    ['another author', cy, 1000, true],
    ['same author on the next day', ben, 12 * 60 * minute, true],
  ] as const)('%s', (_, user, later, head) => {
    const { items } = inRoom(said(1, ben, 'one'), said(2, user, 'two', noon + later));
    expect(items[1]).toMatchObject({ head: true });
    expect(items[2]).toMatchObject({ head });
  });

  test('an entrance between two messages ends a group', () => {
    const { items } = inRoom(said(1, ben, 'one'), presence('entered', 2, [cy], 3), said(3, ben, 'two'));
    expect(items.at(-1)).toMatchObject({ head: true });
  });

  test('a day divider stands where the day changes', () => {
    const { items } = inRoom(said(1, ben, 'one'), said(2, ben, 'two', noon + 24 * 60 * minute));
    expect(items.map(({ newDay }) => newDay)).toEqual([false, false, true]);
  });

  const many = (count: number, text = (seq: number) => `m${seq}`): Action[] =>
    Array.from({ length: count }, (_, at) => said(at + 1, ben, text(at + 1)));

  test('at most 20,000 items are kept, and the first opens its group', () => {
    const all = mostItems + slack;
    const before = reduceAll(run(joined()), many(all - 1)).rooms[1];
    expect(before?.items).toHaveLength(all);
    expect(before).toMatchObject({ gone: 0, said: all - 1 });
    const after = reduceAll(run(joined()), many(all)).rooms[1];
    expect(after).toMatchObject({ gone: slack + 1, said: all });
    const items = after?.items ?? [];
    expect(items).toHaveLength(mostItems);
    expect(items[0]).toMatchObject({ text: `m${slack + 1}`, head: true });
    expect(new Set(items.map(({ key }) => key)).size).toBe(mostItems);
  });

  test('long texts go earlier', () => {
    const long = 'x'.repeat(8000);
    const kept = reduceAll(
      run(joined()),
      many(3000, () => long),
    ).rooms[1];
    const size = (kept?.items ?? []).reduce(
      (sum, item) => sum + (item.kind === 'said' ? item.text.length : 0),
      0,
    );
    expect(size).toBeGreaterThan(mostText / 2);
    expect(size).toBeLessThanOrEqual(mostText);
    expect(kept).toMatchObject({ size, said: 3000, gone: 3001 - (kept?.items.length ?? 0) });
    // One that is longer than all may be together is kept: it is the newest.
    const huge = run(joined(), said(1, ben, 'small'), said(2, ben, 'x'.repeat(mostText + 1))).rooms[1];
    expect(huge?.items).toHaveLength(1);
  });

  test('many at once are the same as one after the other, and what was there before is as it was', () => {
    const start = run(joined(), said(1, ben, 'one'));
    const was = start.rooms[1]?.items ?? [];
    const actions = [
      said(2, ben, 'two'),
      said(3, cy, 'three'),
      presence('entered', 4, [cy], 3),
      lost(),
      returned(4),
      said(5, ana, 'five'),
      gap(2, 'lost'),
      said(8, ben, 'eight'),
    ];
    const once = reduceAll(start, actions);
    expect(once).toEqual(actions.reduce(reduce, start));
    expect(kinds(was)).toEqual(['start', 'one']);
    // Nor does what comes later change what was given out.
    const given = once.rooms[1]?.items ?? [];
    const length = given.length;
    reduceAll(once, [said(9, ben, 'nine'), said(10, ben, 'ten')]);
    expect(given).toHaveLength(length);
  });
});

describe('people', () => {
  test('come and go, with the count', () => {
    const state = inRoom(presence('entered', 1, [cy], 3), presence('departed', 2, [ben], 2));
    expect(state.people).toEqual([ana, cy]);
    expect(state.count).toBe(2);
    expect(passage(state)).toMatchObject({ entered: [cy], departed: [ben] });
  });

  test('many in a row are one passage', () => {
    const many = Array.from({ length: 20 }, (_, i) => ({ id: 100 + i, name: `p${i}` }));
    const state = inRoom(presence('entered', 1, [cy], 3), presence('entered', 2, many, 63, 40));
    expect(state.items).toHaveLength(2);
    expect(passage(state)).toMatchObject({ moreEntered: 40 });
    expect(passage(state).entered).toHaveLength(21);
    expect(state).toMatchObject({ stale: true, count: 63 });
  });

  test.each([
    ['came and went', ['entered', 'departed'], { entered: [], departed: [], passing: [cy], returned: [] }],
    [
      'came, went, came',
      ['entered', 'departed', 'entered'],
      { entered: [cy], departed: [], passing: [], returned: [] },
    ],
    ['went and came', ['departed', 'entered'], { entered: [], departed: [], passing: [], returned: [cy] }],
    [
      'went, came, went',
      ['departed', 'entered', 'departed'],
      { entered: [], departed: [cy], passing: [], returned: [] },
    ],
  ] as const)('%s', (_, types, told) => {
    const state = inRoom(...types.map((type, i) => presence(type, i + 1, [cy], 2)));
    expect(passage(state)).toMatchObject(told);
  });

  test('names in one passage are bounded', () => {
    const crowd = (from: number): User[] =>
      Array.from({ length: 20 }, (_, i) => ({ id: from + i, name: `p${from + i}` }));
    const state = inRoom(
      ...[100, 200, 300, 400].map((from, i) => presence('entered', i + 1, crowd(from), 100)),
    );
    expect(passage(state).entered).toHaveLength(50);
    expect(passage(state).moreEntered).toBe(30);
  });

  test("one's own entrance is not told", () => {
    expect(kinds(inRoom(presence('entered', 1, [ana], 2)).items)).toEqual(['start']);
  });

  test('a page is added, or takes the place of the list', () => {
    const page = {
      type: 'people',
      room: 1,
      people: [cy],
      count: 9,
      more: true,
      cursor: 'cy',
      stale: false,
    } as const;
    expect(inRoom({ ...page, replace: false })).toMatchObject({
      people: [ana, ben, cy],
      more: true,
      cursor: 'cy',
    });
    expect(inRoom({ ...page, replace: true }).people).toEqual([cy]);
  });
});

describe('typing', () => {
  const typing = (user: User, now: number): Action => frame({ type: 'typing', room: 1, users: [user] }, now);

  test('counts for five seconds, and ends with a message', () => {
    const names = (...actions: Action[]): string[] => inRoom(...actions).typing.map(({ user }) => user.name);
    expect(names(typing(ben, noon), typing(cy, noon), typing(ben, noon + 1000))).toEqual(['cy', 'ben']);
    expect(names(typing(ben, noon), { type: 'tick', now: noon + 4999 })).toEqual(['ben']);
    expect(names(typing(ben, noon), { type: 'tick', now: noon + 5000 })).toEqual([]);
    expect(names(typing(ben, noon), said(1, ben, 'x'))).toEqual([]);
    expect(names(typing(ana, noon))).toEqual([]);
  });

  test('may be told of many at once', () => {
    const many = frame({ type: 'typing', room: 1, users: [ana, ben, cy], more: 3 });
    expect(inRoom(typing(ben, noon), many).typing.map(({ user }) => user.name)).toEqual(['ben', 'cy']);
  });
});

describe('unread', () => {
  const look = (id: number): Action => ({ type: 'look', room: id });

  test('counts what others say while one looks elsewhere, from a marked place on', () => {
    const state = inRoom(said(1, ana, 'own'), said(2, ben, 'one'), said(3, cy, 'two'));
    expect(state.unread).toBe(2);
    expect(state.items.find(({ key }) => key === state.newFrom)).toMatchObject({ text: 'one' });
  });

  test('is over when one looks; the mark stays until one looks away or speaks', () => {
    const seen = inRoom(said(1, ben, 'one'), look(1), said(2, ben, 'two'));
    expect(seen.unread).toBe(0);
    expect(seen.newFrom).not.toBe(0);
    expect(inRoom(said(1, ben, 'one'), look(1), look(0)).newFrom).toBe(0);
    expect(inRoom(said(1, ben, 'one'), look(1), { type: 'spoke', room: 1 }).newFrom).toBe(0);
  });
});

describe('statuses', () => {
  const status = (value: string, users: User[], more = 0): Action =>
    frame({ type: 'status', room: 1, status: value, users, more });

  test('are shown as they come', () => {
    expect(inRoom(status('away', [ben])).people).toEqual([ana, { ...ben, status: 'away' }]);
    expect(inRoom(status('away', [ben]), status('dnd', [ana, ben])).people).toEqual([
      { ...ana, status: 'dnd' },
      { ...ben, status: 'dnd' },
    ]);
    expect(inRoom(status('away', [ben]), status('active', [ben])).people).toEqual([ana, ben]);
    expect(inRoom(status('away', [cy])).people).toEqual([ana, ben]);
  });

  test('of many unnamed make the list to be asked for anew', () => {
    expect(inRoom(status('away', [ben], 3)).stale).toBe(true);
    expect(inRoom(status('away', [ben])).stale).toBe(false);
  });

  test('make no lines in the conversation, and an entrance of who is in already changes none', () => {
    const state = inRoom(status('dnd', [ana]), presence('entered', 1, [ana], 2));
    expect(kinds(state.items)).toEqual(['start']);
    expect(state.people).toEqual([ben, { ...ana, status: 'dnd' }]);
  });
});

test('a change of the room is told', () => {
  const info = { ...room(1), title: 'New', topic: 'Soup' };
  const state = inRoom(frame({ type: 'changed', room: 1, seq: 1, at: noon, info }));
  expect(state.info.title).toBe('New');
  expect(state.items.at(-1)).toMatchObject({ what: 'changed', note: 'New – Soup' });
});

test('nothing that was given is changed', () => {
  const freeze = <Value>(value: Value): Value => {
    if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
      Object.freeze(value);
      Object.values(value).forEach(freeze);
    }
    return value;
  };
  const actions = [
    joined(),
    said(1, ben, 'one'),
    outbox([draft('a', 'sending')]),
    presence('entered', 2, [cy], 3),
    presence('departed', 3, [cy], 2),
    said(4, ana, 'mine', noon, 'a'),
    { type: 'look', room: 1 },
    frame({ type: 'status', room: 1, status: 'away', users: [ben] }),
    lost(),
    outbox([], [draft('a', 'taken')]),
    joined(),
    gap('unknown', 'away'),
    returned(7),
    gap(2, 'lost'),
    frame({ type: 'closed', room: 1, seq: 1, at: noon }),
  ] satisfies Action[];
  let state = freeze(emptyState(ana));
  for (const action of actions) state = freeze(reduce(state, freeze(action)));
  expect(state.rooms[1]?.over).not.toBe('');
});
