import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Me } from '../src/lib/api';
import { begun, changed, deskKey } from '../src/lib/compose/desk';
import type { Desk } from '../src/lib/compose/desk';
import { aimed, changeable, lastOwn, takeBack, toggle } from '../src/lib/said/deeds';
import { preferences } from '../src/lib/preferences.svelte';
import { Sight } from '../src/lib/said/sight.svelte';
import { Chat } from '../src/lib/state/chat.svelte';
import type { RoomState, Said } from '../src/lib/state/types';
import { ana, ben, fakeClient, server } from './fake';

const me: Me = {
  id: 1,
  username: 'ana',
  display_name: '',
  email: '',
  email_confirmed: false,
  has_password: true,
  is_staff: false,
  is_superuser: false,
  can_create_rooms: true,
  permissions: [],
};
const stops: (() => void)[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  preferences.reset();
  vi.stubGlobal(
    'fetch',
    vi.fn((url: string) => Promise.resolve(Response.json(url.endsWith('/me') ? me : { rooms: [] }))),
  );
});
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const settle = (ms = 250): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** Ana is in a room with ben, and said something herself; the server's clock is an hour behind. */
async function inside() {
  const fake = fakeClient();
  const chat = new Chat(me, server, fake.client, { loggedOut: vi.fn(), other: vi.fn() });
  stops.push(() => {
    chat.stop();
  });
  chat.start();
  fake.socket.hello();
  chat.enter(1);
  fake.socket.admit(1, { occupants: [ana, ben] });
  await settle();
  const { socket } = fake;
  const at = Date.now() - 3_600_000;
  chat.post(1, 'mine');
  const { ref, nonce } = socket.last('post');
  socket.frame({ type: 'posted', ref, room: 1, seq: 1, at, nonce, heard: 1 });
  socket.frame({ type: 'message', room: 1, seq: 1, at, user: ana, nonce, text: 'mine' });
  socket.frame({ type: 'message', room: 1, seq: 2, at, user: ben, nonce: 'n2', text: 'theirs' });
  await settle();
  const room = (): RoomState => {
    const found = chat.room(1);
    if (!found) throw new Error('not in the room');
    return found;
  };
  const said = (seq: number): Said => {
    const found = room().items.find((item) => item.kind === 'said' && item.seq === seq);
    if (found?.kind !== 'said') throw new Error('not said');
    return found;
  };
  const ok = (type: string): void => {
    socket.frame({ type: 'ok', ref: socket.last(type).ref });
  };
  return { fake, chat, socket, room, said, ok };
}

/** A message box. */
function deskOf(chat: Chat, text = ''): Desk & { told: string } {
  return {
    chat,
    get room() {
      return chat.room(1);
    },
    get aim() {
      return chat.aim(1);
    },
    text,
    size: 0,
    told: '',
    tell(words) {
      this.told = words;
    },
  };
}
const key = (name: string, more: KeyboardEventInit = {}): KeyboardEvent =>
  new KeyboardEvent('keydown', { key: name, ...more });

describe('an answer', () => {
  test('goes out with the number of what it answers, and with its size', async () => {
    const { chat, socket, said } = await inside();
    chat.aimAt(1, aimed('reply', said(2)));
    chat.post(1, 'yes', 2);
    expect(socket.last('post')).toMatchObject({ text: 'yes', reply: 2, size: 2 });
    expect(chat.aim(1)).toBeNull();
    socket.posted(3);
    chat.post(1, 'and no');
    expect(Object.keys(socket.last('post'))).not.toContain('reply');
  });

  test('is said without it where that is out of reach', async () => {
    const { chat, socket, said } = await inside();
    chat.aimAt(1, aimed('reply', said(2)));
    chat.post(1, 'yes');
    const { ref, nonce } = socket.last('post');
    socket.frame({ type: 'error', ref, code: 'invalid', field: 'reply', message: 'No.' });
    expect(socket.all('post')).toHaveLength(3);
    expect(socket.last('post')).toMatchObject({ text: 'yes', nonce });
    expect(socket.last('post')).not.toHaveProperty('reply');
  });

  test('that waited while one was away does not answer another message', async () => {
    const { fake, chat, said } = await inside();
    chat.aimAt(1, aimed('reply', said(2)));
    fake.socket.drop(1006);
    chat.post(1, 'yes');
    const late = aimed('reply', said(2));
    await settle(5000);
    fake.socket.hello({ epoch: 'e2', resume: 't2' });
    fake.socket.admit(1);
    expect(fake.socket.last('post')).not.toHaveProperty('reply');
    fake.socket.posted(1);
    chat.aimAt(1, late);
    chat.post(1, 'again');
    expect(fake.socket.last('post')).not.toHaveProperty('reply');
  });
});

describe('a reaction', () => {
  const shown = (said: Said): string[] =>
    said.reactions.map(({ emoji, users }) => `${emoji} ${users.length}`);

  test('is there at once, and stays once it is answered', async () => {
    const { chat, socket, said, ok } = await inside();
    const done = toggle(chat, 1, said(2), '👍');
    expect(shown(said(2))).toEqual(['👍 1']);
    expect(socket.last('react')).toMatchObject({ room: 1, seq: 2, emoji: '👍', on: true });
    ok('react');
    expect(await done).toBe('');
    expect(said(2).reactions).toMatchObject([{ emoji: '👍', users: [ana], wish: undefined }]);
  });

  test('is taken back where it is refused, with the reason', async () => {
    const { chat, socket, said } = await inside();
    const done = toggle(chat, 1, said(2), 'x');
    socket.refuse('react', 'invalid', { message: 'That is no emoji.' });
    expect(await done).toBe('That is no emoji.');
    expect(said(2).reactions).toEqual([]);
  });

  test('is taken back where the connection breaks off, and comes again with its event', async () => {
    const { chat, fake, said } = await inside();
    const done = toggle(chat, 1, said(2), '👍');
    fake.socket.drop(1006);
    expect(await done).toContain('no connection');
    expect(said(2).reactions).toEqual([]);
  });
});

describe('a change', () => {
  test('is possible for a minute by the server’s clock, and only of one’s own', async () => {
    const { chat, room, said } = await inside();
    expect([changeable(chat, room(), said(1)), changeable(chat, room(), said(2))]).toEqual([true, false]);
    expect(lastOwn(chat, room())?.seq).toBe(1);
    await settle(60_000);
    expect(lastOwn(chat, room())).toBeUndefined();
  });

  test('begins with arrow up in an empty box, and only there', async () => {
    const { chat, said } = await inside();
    expect(deskKey(key('ArrowUp'), deskOf(chat, 'x'))).toBe(false);
    expect(deskKey(key('ArrowUp'), deskOf(chat))).toBe(true);
    expect(chat.aim(1)).toMatchObject({ kind: 'edit', seq: 1, key: said(1).key });
    expect(deskKey(key('Escape'), deskOf(chat))).toBe(true);
    expect(chat.aim(1)).toBeNull();
    expect(deskKey(key('Escape'), deskOf(chat))).toBe(false);
    await settle(60_000);
    const desk = deskOf(chat);
    expect(deskKey(key('ArrowUp'), desk)).toBe(true);
    expect(desk.told).toContain('nothing of yours');
  });

  test('does not begin with the message before the one that is on its way', async () => {
    const { chat } = await inside();
    chat.post(1, 'next');
    expect(deskKey(key('ArrowUp'), deskOf(chat))).toBe(false);
  });

  test('is told once it is done; what is too late is told, too, and stays aimed at', async () => {
    const { chat, socket, said } = await inside();
    const aim = aimed('edit', said(1));
    chat.aimAt(1, aim);
    const late = changed(deskOf(chat), aim, 'new');
    expect(socket.last('edit')).toMatchObject({ room: 1, seq: 1, text: 'new', nonce: aim.nonce });
    socket.refuse('edit', 'too_late');
    expect(await late).toMatch(/too late.*still here/);
    expect(chat.aim(1)).toBe(aim);

    const again = changed(deskOf(chat), aim, 'new');
    const { ref, nonce } = socket.last('edit');
    expect(nonce).toBe(aim.nonce);
    socket.frame({ type: 'posted', ref, room: 1, seq: 3, at: Date.now(), nonce, heard: 1 });
    expect(await again).toBe('');
    expect(chat.aim(1)).toBeNull();
  });

  test('into the same is none', async () => {
    const { chat, socket, said } = await inside();
    expect(await changed(deskOf(chat), aimed('edit', said(1)), 'mine')).toBe('');
    expect(socket.all('edit')).toEqual([]);
  });

  test('leaves the answer that was being written before it', async () => {
    const { chat, said } = await inside();
    const [answer, aim] = [aimed('reply', said(2)), aimed('edit', said(1))];
    expect(begun(deskOf(chat, 'half'), answer, aim)).toBe('mine');
    const next = aimed('edit', said(1));
    expect(begun(deskOf(chat, 'mine'), aim, next)).toBe('mine');
    expect(begun(deskOf(chat, 'mine'), next, null)).toBe('half');
    expect(chat.aim(1)).toBe(answer);
    chat.clear(1);
    expect(begun(deskOf(chat, 'mine'), next, null)).toBe('half');
    expect(chat.aim(1)).toBeNull();
  });

  test('can be that it is taken back', async () => {
    const { chat, socket, said, ok } = await inside();
    const done = takeBack(chat, 1, said(1));
    expect(socket.last('take_back')).toMatchObject({ room: 1, seq: 1 });
    ok('take_back');
    await done;
  });
});

test('loudness has its bounds, and Escape ends it', async () => {
  const { chat } = await inside();
  const desk = deskOf(chat, 'hey');
  for (let at = 0; at < 5; at++) expect(deskKey(key('ArrowUp', { ctrlKey: true }), desk)).toBe(true);
  expect(desk.size).toBe(2);
  for (let at = 0; at < 9; at++) deskKey(key('ArrowDown', { ctrlKey: true }), desk);
  expect(desk.size).toBe(-2);
  expect(deskKey(key('Escape'), desk)).toBe(true);
  expect(desk.size).toBe(0);
});

describe('how far one has seen', () => {
  test('is told twice a second at most, and once for each message', async () => {
    const { chat, socket, room } = await inside();
    const sight = new Sight(chat, 1);
    sight.sees(room());
    sight.sees(room());
    expect(socket.all('seen')).toEqual([]);
    await settle(600);
    sight.sees(room());
    await settle(600);
    expect(socket.all('seen')).toEqual([{ type: 'seen', room: 1, seq: 2 }]);
    sight.stop();
  });

  test.each([
    [
      'it is not to be told',
      () => {
        preferences.choose('seen', 'hide');
      },
    ],
    ['the tab is hidden', () => vi.spyOn(document, 'hidden', 'get').mockReturnValue(true)],
  ])('is not told where %s', async (_, so) => {
    const { chat, socket, room } = await inside();
    so();
    new Sight(chat, 1).sees(room());
    await settle(600);
    expect(socket.all('seen')).toEqual([]);
  });

  test('is not told in a large room', async () => {
    const { chat, socket, room } = await inside();
    new Sight(chat, 1).sees({ ...room(), count: 21 });
    await settle(600);
    expect(socket.all('seen')).toEqual([]);
  });
});

test('leaving a room leaves nothing of it in memory', async () => {
  const { chat, socket, said } = await inside();
  chat.drafts[1] = 'typed';
  chat.aimAt(1, aimed('reply', said(2)));
  const left = chat.leave(1);
  socket.frame({ type: 'left', ref: socket.last('leave').ref, room: 1 });
  await left;
  expect([chat.room(1), chat.drafts[1], chat.aim(1)]).toEqual([undefined, undefined, null]);
});
