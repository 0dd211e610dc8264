import { describe, expect, test } from 'vitest';
import type { Frame } from '../src/lib/client/frames';
import { mostItems } from '../src/lib/state/items';
import { emptyState, reduce } from '../src/lib/state/reduce';
import type { Action, ChatState, Item, Passage, RoomState } from '../src/lib/state/types';
import type { User } from '../src/lib/wire.gen';
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
const post = (nonce: string, text = 'mine'): Action => ({ type: 'post', room: 1, nonce, text, now: noon });

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

  test('one hears what comes after, in order, and nothing twice', () => {
    const state = run(
      joined(5),
      said(4, ben, 'before'),
      said(5, ben, 'at'),
      said(6, ben, 'after'),
      said(6, ben, 'again'),
    );
    expect(kinds(state.rooms[1]?.items ?? [])).toEqual(['start', 'after']);
  });

  test('a missing number is shown', () => {
    expect(kinds(inRoom(said(1, ben, 'one'), said(3, ben, 'three')).items)).toEqual([
      'start',
      'one',
      'gap',
      'three',
    ]);
  });

  test('frames of a room one is not in change nothing', () => {
    const state = run(said(1, ben, 'x'), presence('entered', 2, [cy], 3));
    expect(state.rooms).toEqual({});
  });
});

describe('the journey of a message', () => {
  const posted = (nonce: string, seq: number, heard: number): Action =>
    frame({ type: 'posted', ref: 2, room: 1, seq, at: noon, nonce, heard });
  const sending = (nonce: string): Action => ({ type: 'sending', room: 1, nonce });

  test('waiting, sending, taken, seen', () => {
    let state = run(joined(), post('a'));
    const stage = (): string | undefined => state.rooms[1]?.outbox[0]?.stage;
    expect(stage()).toBe('waiting');
    state = reduce(state, sending('a'));
    expect(stage()).toBe('sending');
    state = reduce(state, posted('a', 1, 7));
    expect(stage()).toBe('taken');
    state = reduce(state, said(1, ana, 'mine', noon, 'a'));
    expect(state.rooms[1]?.outbox).toEqual([]);
    expect(state.rooms[1]?.items.at(-1)).toMatchObject({ kind: 'said', text: 'mine', heard: 7 });
  });

  test('its event may come before its acknowledgement', () => {
    const state = inRoom(post('a'), sending('a'), said(1, ana, 'mine', noon, 'a'), posted('a', 1, 3));
    expect(state.outbox).toEqual([]);
    expect(state.items.filter(({ kind }) => kind === 'said')).toHaveLength(1);
    expect(state.items.at(-1)).toMatchObject({ heard: 3 });
  });

  test("another's nonce is no match", () => {
    const state = inRoom(post('a'), sending('a'), said(1, ben, 'theirs', noon, 'a'));
    expect(state.outbox).toHaveLength(1);
    expect(state.items.at(-1)).toMatchObject({ text: 'theirs' });
  });

  test('refused: it failed, with the reason, and can be sent again or discarded', () => {
    const failed: Action = { type: 'failed', room: 1, nonce: 'a', error: 'Slowly.' };
    expect(inRoom(post('a'), sending('a'), failed).outbox[0]).toMatchObject({
      stage: 'failed',
      error: 'Slowly.',
    });
    expect(inRoom(post('a'), sending('a'), failed, sending('a')).outbox[0]).toMatchObject({
      stage: 'sending',
      error: '',
    });
    expect(inRoom(post('a'), { type: 'discard', room: 1, nonce: 'a' }).outbox).toEqual([]);
  });

  test('when the connection is lost: unsure if sent, waiting if not, said if acknowledged', () => {
    const state = inRoom(
      post('sent'),
      sending('sent'),
      post('unsent'),
      post('taken', 'taken'),
      sending('taken'),
      posted('taken', 1, 2),
      { type: 'lost', now: noon },
    );
    expect(state.outbox.map(({ nonce, stage }) => [nonce, stage])).toEqual([
      ['sent', 'unsure'],
      ['unsent', 'waiting'],
    ]);
    expect(kinds(state.items)).toEqual(['start', 'taken', 'lost']);
    expect(state.items[1]).toMatchObject({ heard: 2, user: ana });
  });
});

describe('a lost connection', () => {
  const lost = (now = noon): Action => ({ type: 'lost', now });

  test('leaves one marker, whose end the return tells', () => {
    const away = inRoom(said(1, ben, 'one'), lost(), lost(noon + 1));
    expect(kinds(away.items)).toEqual(['start', 'one', 'lost']);
    expect(away).toMatchObject({ live: false, typing: [] });
    const info = room(1);
    const back = run(
      joined(),
      said(1, ben, 'one'),
      lost(),
      frame({ type: 'joined', ref: 3, room: 1, info, seq: 90, occupants: [ana], count: 1 }, noon + minute),
      said(91, ben, 'two'),
    ).rooms[1];
    expect(kinds(back?.items ?? [])).toEqual(['start', 'one', 'lost', 'two']);
    expect(back?.items[2]).toMatchObject({ at: noon, until: noon + minute });
  });

  test('and another one with nothing in between are one', () => {
    const again = (at: number): Action => {
      const action = joined();
      return action.type === 'frame' ? { ...action, now: at } : action;
    };
    const state = run(joined(), lost(), again(noon + 1), lost(noon + 2), again(noon + 3)).rooms[1];
    expect(kinds(state?.items ?? [])).toEqual(['start', 'lost']);
    expect(state?.items[1]).toMatchObject({ at: noon, until: noon + 3 });
    const away = run(joined(), lost(), again(noon + 1), lost(noon + 2)).rooms[1];
    expect(away?.items[1]).toMatchObject({ at: noon, until: 0 });
    const talked = run(joined(), lost(), again(noon + 1), said(1, ben, 'one'), lost(noon + 2)).rooms[1];
    expect(kinds(talked?.items ?? [])).toEqual(['start', 'lost', 'one', 'lost']);
    const later = run(joined(), lost(), again(noon + 1), lost(noon + 24 * 60 * minute)).rooms[1];
    expect(kinds(later?.items ?? [])).toEqual(['start', 'lost', 'lost']);
  });

  test('numbers begin anew with a restarted server', () => {
    const state = run(joined(500), lost(), joined(0), said(1, ben, 'new')).rooms[1];
    expect(kinds(state?.items ?? [])).toEqual(['start', 'lost', 'new']);
  });

  test('nothing is taken while away', () => {
    expect(kinds(inRoom(lost(), said(1, ben, 'x')).items)).toEqual(['start', 'lost']);
  });
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
    const state = inRoom(post('a'), action);
    expect(state).toMatchObject({ live: false, over: note, people: [] });
    expect(kinds(state.items).at(-1)).toBe(what);
    expect(state.outbox[0]).toMatchObject({ stage: 'failed', error: note });
    expect(kinds(inRoom(action, said(2, ben, 'ghost')).items)).not.toContain('ghost');
    expect(kinds(run(joined(), action, joined(5)).rooms[1]?.items ?? []).at(-1)).toBe('start');
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

  test('at most 2,000 items are kept, and the first opens its group', () => {
    let state = run(joined());
    for (let seq = 1; seq <= mostItems + 10; seq++) state = reduce(state, said(seq, ben, `m${seq}`));
    const items = state.rooms[1]?.items ?? [];
    expect(items).toHaveLength(mostItems);
    expect(items[0]).toMatchObject({ text: 'm11', head: true });
    expect(new Set(items.map(({ key }) => key)).size).toBe(mostItems);
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
  const typing = (user: User, now: number): Action => frame({ type: 'typing', room: 1, user }, now);

  test('counts for five seconds, and ends with a message', () => {
    const names = (...actions: Action[]): string[] => inRoom(...actions).typing.map(({ user }) => user.name);
    expect(names(typing(ben, noon), typing(cy, noon), typing(ben, noon + 1000))).toEqual(['cy', 'ben']);
    expect(names(typing(ben, noon), { type: 'tick', now: noon + 4999 })).toEqual(['ben']);
    expect(names(typing(ben, noon), { type: 'tick', now: noon + 5000 })).toEqual([]);
    expect(names(typing(ben, noon), said(1, ben, 'x'))).toEqual([]);
    expect(names(typing(ana, noon))).toEqual([]);
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
    expect(inRoom(said(1, ben, 'one'), look(1), post('a')).newFrom).toBe(0);
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
    post('a'),
    presence('entered', 2, [cy], 3),
    presence('departed', 3, [cy], 2),
    said(4, ana, 'mine', noon, 'a'),
    { type: 'look', room: 1 },
    { type: 'lost', now: noon },
    joined(),
    frame({ type: 'closed', room: 1, seq: 1, at: noon }),
  ] satisfies Action[];
  let state = freeze(emptyState(ana));
  for (const action of actions) state = freeze(reduce(state, freeze(action)));
  expect(state.rooms[1]?.over).not.toBe('');
});
