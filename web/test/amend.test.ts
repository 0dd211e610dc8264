import { describe, expect, test } from 'vitest';
import type { Frame } from '../src/lib/client/frames';
import { gist, saidOf } from '../src/lib/said/gist';
import { lastSeen } from '../src/lib/said/sight.svelte';
import { mostEmoji } from '../src/lib/state/items';
import { emptyState, reduce } from '../src/lib/state/reduce';
import type { Action, RoomState, Said } from '../src/lib/state/types';
import type { User } from '../src/lib/wire.gen';
import { ana, ben, cy, room } from './fake';

const noon = new Date(2026, 4, 5, 12).getTime();
const frame = (value: Frame): Action => ({ type: 'frame', frame: value, now: noon });
const joined = (seq = 0, occupants: User[] = [ana, ben, cy]): Action =>
  frame({ type: 'joined', ref: 1, room: 1, info: room(1), seq, occupants, count: occupants.length });
const said = (seq: number, text: string, user = ben, more: { reply?: number; size?: number } = {}): Action =>
  frame({ type: 'message', room: 1, seq, at: noon, user, nonce: `n${seq}`, text, ...more });
const about = (seq: number, of: number, user: User) => ({ room: 1, seq, at: noon, user, of });
const edited = (seq: number, of: number, text: string, user = ben): Action =>
  frame({ type: 'edited', ...about(seq, of, user), text });
const takenBack = (seq: number, of: number, user = ben): Action =>
  frame({ type: 'taken_back', ...about(seq, of, user) });
const reaction = (seq: number, of: number, user: User, on = true, emoji = '👍'): Action =>
  frame({ type: 'reaction', ...about(seq, of, user), emoji, on });
const wish = (of: number, on: boolean, asked: boolean | undefined, emoji = '👍'): Action => ({
  type: 'react',
  room: 1,
  of,
  emoji,
  on,
  wish: asked,
});

function inRoom(...actions: Action[]): RoomState {
  const found = [joined(), ...actions].reduce(reduce, emptyState(ana)).rooms[1];
  if (!found) throw new Error('not in the room');
  return found;
}
const messages = ({ items }: RoomState): Said[] => items.filter((item) => item.kind === 'said');
const texts = (state: RoomState): string[] => messages(state).map(({ text, gone }) => (gone ? '–' : text));
const tallies = (state: RoomState): string[] =>
  messages(state).flatMap(({ reactions }) =>
    reactions.map(({ emoji, users }) => `${emoji} ${users.map(({ name }) => name).join('+')}`),
  );

describe('another text', () => {
  test('takes the place of the first, of which nothing is left', () => {
    const state = inRoom(said(1, 'secret'), said(2, 'other'), edited(3, 1, 'new'));
    expect(texts(state)).toEqual(['new', 'other']);
    expect(messages(state)[0]).toMatchObject({ edited: true, seq: 1 });
    expect(JSON.stringify(state)).not.toContain('secret');
  });

  test('is shown in a row of its own: what showed the one before goes', () => {
    const rows = (...more: Action[]): number[] =>
      messages(inRoom(said(1, 'a'), ...more)).map(({ row }) => row);
    const all = [rows(), rows(edited(2, 1, 'b')), rows(edited(2, 1, 'b'), edited(3, 1, 'c'))].flat();
    expect(new Set(all).size).toBe(3);
  });

  test('is a message of its own for who did not hear the first', () => {
    const state = inRoom(said(5, 'here'), edited(6, 2, 'late'));
    expect(texts(state)).toEqual(['here', 'late']);
    expect(messages(state)[1]).toMatchObject({ edited: true, seq: 2, user: ben });
    expect(texts(inRoom(edited(6, 2, 'late'), edited(7, 2, 'later'), takenBack(8, 2)))).toEqual(['–']);
  });

  test('that is empty is told again: until then nothing is shown', () => {
    expect(texts(inRoom(said(1, ''), edited(2, 1, ''), edited(3, 1, 'last')))).toEqual(['last']);
    expect(texts(inRoom(edited(2, 1, '')))).toEqual([]);
  });

  test('is not taken from others, nor after it was taken back', () => {
    expect(texts(inRoom(said(1, 'mine', ana), edited(2, 1, 'theirs')))).toEqual(['mine', 'theirs']);
    expect(texts(inRoom(said(1, 'a'), takenBack(2, 1), edited(3, 1, 'b')))).toEqual(['–']);
  });

  test('of a number from before one was away is another message', () => {
    const away: Action = { type: 'gap', room: 1, lost: 'unknown', why: 'restart', now: noon };
    const state = inRoom(said(1, 'old'), joined(0), away, edited(2, 1, 'new'), reaction(3, 1, cy));
    expect(texts(state)).toEqual(['old', 'new']);
    expect(tallies(state)).toEqual(['👍 cy']);
    expect(messages(state)[0]?.reactions).toEqual([]);
  });
});

test('what is taken back leaves nothing, and cannot be reacted to', () => {
  const state = inRoom(
    said(1, 'secret', ben, { size: 2 }),
    reaction(2, 1, cy),
    takenBack(3, 1),
    reaction(4, 1, cy),
    takenBack(5, 9),
  );
  expect(messages(state)).toMatchObject([{ text: '', gone: true, reactions: [] }]);
  expect(JSON.stringify(state)).not.toContain('secret');
});

describe('answers', () => {
  test('know what they answer, if it was here', () => {
    const state = inRoom(said(1, 'a'), said(2, 'b', cy, { reply: 1 }), said(3, 'c', cy, { reply: 99 }));
    const [first, second, third] = messages(state);
    expect(second).toMatchObject({ reply: 1, quotes: first?.key });
    expect(third).toMatchObject({ reply: 99, quotes: 0 });
    expect(saidOf(state, second?.quotes ?? 0)?.text).toBe('a');
    expect(saidOf(state, 12345)).toBeUndefined();
  });

  test.each([
    ['\n\n  first\nsecond', 'first'],
    ['```go\nfunc main()\n```', 'func main()'],
    ['> > said before', 'said before'],
    ['see ||the secret|| there', 'see ▒▒▒ there'],
    ['/me waves', 'waves'],
    [
      'yes! **looking** good, see `main.go` and [the page](https://a.b)',
      'yes! looking good, see main.go and the page',
    ],
    ['- one\n- two', 'one'],
    ['**so ||it is|| said** by @ana in #kitchen', 'so ▒▒▒ said by @ana in #kitchen'],
    ['/me *bows*', 'bows'],
    ['snake_case and 2*3*4', 'snake_case and 2*3*4'],
    ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
    ['', ''],
  ])('quote the first line: %j', (text, line) => {
    expect(gist(text).line).toBe(line);
  });

  test('quote no more than a line can show', () => {
    expect(gist('x'.repeat(8000)).line).toHaveLength(141);
    expect(gist(`${'\n'.repeat(8000)}y`).line).toBe('y');
  });
});

describe('reactions', () => {
  test('are what was heard last of each', () => {
    const twice = [said(1, 'a'), reaction(2, 1, ben), reaction(3, 1, ben), reaction(4, 1, cy)];
    expect(tallies(inRoom(...twice))).toEqual(['👍 ben+cy']);
    expect(tallies(inRoom(...twice, reaction(5, 1, ben, false)))).toEqual(['👍 cy']);
    expect(tallies(inRoom(...twice, reaction(5, 1, ben, false), reaction(6, 1, cy, false)))).toEqual([]);
    expect(tallies(inRoom(said(1, 'a'), reaction(2, 7, ben), reaction(3, 1, ben, false)))).toEqual([]);
  });

  test('of different emoji stand beside each other, and there is a bound', () => {
    const many = Array.from({ length: mostEmoji + 9 }, (_, at) => reaction(at + 2, 1, cy, true, `e${at}`));
    expect(tallies(inRoom(said(1, 'a'), ...many))).toHaveLength(mostEmoji);
  });

  test('of one’s own are shown at once, and stay as one wants them', () => {
    const on = [said(1, 'a'), wish(1, true, true)];
    expect(tallies(inRoom(...on))).toEqual(['👍 ana']);
    // Taken away before the server has told of it: that comes later, and changes nothing.
    const off = [...on, wish(1, false, false), reaction(2, 1, ana, true)];
    expect(tallies(inRoom(...off))).toEqual(['👍 ']);
    const done = inRoom(...off, reaction(3, 1, ana, false), wish(1, false, undefined));
    expect(tallies(done)).toEqual([]);
    // Others are heard meanwhile.
    expect(tallies(inRoom(...on, reaction(2, 1, cy)))).toEqual(['👍 ana+cy']);
    // Refused.
    expect(tallies(inRoom(...on, wish(1, false, undefined)))).toEqual([]);
  });
});

describe('who has seen what', () => {
  const seen = (...of: [User, number][]): Action =>
    frame({ type: 'seen', room: 1, seen: of.map(([{ id }, seq]) => ({ id, seq })) });

  test('is the highest that was told, and outlives a new status', () => {
    const away = frame({ type: 'status', room: 1, status: 'away', users: [ben] });
    const state = inRoom(said(1, 'a', ana), said(2, 'b', ana), seen([ben, 2]), seen([ben, 1]), away);
    expect(state.people.find(({ id }) => id === ben.id)).toMatchObject({ seen: 2, status: 'away' });
  });

  test('is told at the last message that somebody else has seen', () => {
    const talk = [said(1, 'a', ana), said(2, 'b', ben), said(3, 'c', ana)];
    expect(lastSeen(inRoom(...talk), ana.id)).toBeUndefined();
    expect(lastSeen(inRoom(...talk, seen([ben, 1])), ana.id)?.seq).toBe(1);
    // An author has seen what they said: that tells nothing.
    expect(lastSeen(inRoom(...talk, seen([ben, 2])), ana.id)?.seq).toBe(1);
    expect(lastSeen(inRoom(...talk, seen([ben, 2], [cy, 2])), ana.id)?.seq).toBe(2);
    expect(lastSeen(inRoom(...talk, seen([ana, 3])), ana.id)).toBeUndefined();
  });
});

test('a cleared view holds nothing of what was said', () => {
  const state = inRoom(said(1, 'secret'), { type: 'clear', room: 1, now: noon }, said(2, 'after'));
  expect(JSON.stringify(state)).not.toContain('secret');
  expect(state.items.map((item) => (item.kind === 'marker' ? item.what : item.kind))).toEqual([
    'cleared',
    'said',
  ]);
});
