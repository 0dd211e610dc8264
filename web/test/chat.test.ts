import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Me } from '../src/lib/api';
import { Chat } from '../src/lib/state/chat.svelte';
import { morePeople, relist } from '../src/lib/state/people';
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
let whoAmI = (): Response => Response.json(me);

beforeEach(() => {
  whoAmI = () => Response.json(me);
  vi.useFakeTimers();
  localStorage.clear();
  vi.stubGlobal(
    'fetch',
    vi.fn((url: string) => Promise.resolve(url.endsWith('/me') ? whoAmI() : Response.json({ rooms: [] }))),
  );
});

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(250);

async function begin() {
  const fake = fakeClient();
  const gone = { loggedOut: vi.fn(), other: vi.fn() };
  const chat = new Chat(me, server, fake.client, gone);
  stops.push(() => {
    chat.stop();
  });
  chat.start();
  fake.socket.hello();
  await settle();
  return { fake, chat, gone };
}

async function inside() {
  const begun = await begin();
  begun.chat.enter(1);
  begun.fake.socket.admit(1, { occupants: [ana, ben] });
  await settle();
  return begun;
}

const stages = (chat: Chat): string[] =>
  chat.room(1)?.outbox.map(({ text, stage }) => `${text}: ${stage}`) ?? [];

const lines = (chat: Chat): string[] =>
  chat
    .room(1)
    ?.items.map((item) => (item.kind === 'marker' ? item.what : item.kind === 'said' ? item.text : '')) ?? [];

describe('rooms', () => {
  test('entered ones are remembered by number only, and entered again by the next page', async () => {
    const { chat } = await inside();
    expect(Object.fromEntries(Object.entries(localStorage))).toEqual({ 'earshot.rooms.1': '[1]' });
    chat.stop();
    const { fake } = await begin();
    expect(fake.socket.last('join').room).toBe(1);
  });

  test('a left one is forgotten', async () => {
    const { chat, fake } = await inside();
    const left = chat.leave(1);
    fake.socket.frame({ type: 'left', ref: fake.socket.last('leave').ref, room: 1 });
    await left;
    expect(chat.rooms).toEqual([]);
    expect(localStorage.length).toBe(0);
  });

  test('a refused one says why and is forgotten', async () => {
    const { chat, fake } = await begin();
    chat.enter(9);
    expect(chat.entering).toEqual([9]);
    const { ref } = fake.socket.last('join');
    fake.socket.frame({ type: 'error', ref, code: 'not_found', message: 'There is no such room.' });
    await settle();
    expect(chat.refusal).toBe('There is no such room.');
    expect(chat.entering).toEqual([]);
  });

  test('one refused at the return is over', async () => {
    const { chat, fake } = await inside();
    fake.socket.drop(4000);
    await settle();
    await settle();
    fake.socket.hello();
    fake.socket.resumed([]);
    fake.socket.refuse('join', 'not_found', { message: 'There is no such room.' });
    await settle();
    expect(chat.room(1)?.over).toBe('There is no such room.');
    expect(localStorage.length).toBe(0);
  });
});

describe('messages', () => {
  test('go out at once under a nonce of their own', async () => {
    const { chat, fake } = await inside();
    chat.post(1, 'hello');
    expect(stages(chat)).toEqual(['hello: sending']);
    const { nonce, ref } = fake.socket.last('post');
    expect(nonce).toMatch(/^[0-9a-f]{32}$/);
    fake.socket.frame({ type: 'message', room: 1, seq: 1, at: 1, user: ana, nonce, text: 'hello' });
    fake.socket.frame({ type: 'posted', ref, room: 1, seq: 1, at: 1, nonce, heard: 1 });
    await settle();
    expect(stages(chat)).toEqual([]);
    expect(chat.room(1)?.items.at(-1)).toMatchObject({ text: 'hello', heard: 1 });
  });

  test('a refused one can be sent again under the same nonce, or discarded', async () => {
    const { chat, fake } = await inside();
    chat.post(1, 'hello');
    const { nonce, ref } = fake.socket.last('post');
    fake.socket.refuse('post', 'forbidden', { message: 'Not you.' });
    await settle();
    expect(chat.room(1)?.outbox[0]).toMatchObject({ stage: 'failed', error: 'Not you.' });
    chat.resend(1, nonce ?? '');
    expect(stages(chat)).toEqual(['hello: sending']);
    expect(fake.socket.last('post')).toMatchObject({ nonce, text: 'hello' });
    expect(fake.socket.last('post').ref).not.toBe(ref);
    fake.socket.refuse('post', 'forbidden');
    await settle();
    chat.discard(1, nonce ?? '');
    expect(stages(chat)).toEqual([]);
  });

  test('over a loss what was said and written comes in its place, once', async () => {
    const { chat, fake } = await inside();
    chat.post(1, 'on its way');
    const { nonce } = fake.socket.last('post');
    fake.socket.drop(4000);
    chat.post(1, 'offline');
    expect(stages(chat)).toEqual(['on its way: waiting', 'offline: waiting']);
    expect(lines(chat)).toEqual(['start', 'lost']);
    await settle();
    await settle();
    fake.socket.hello({ resume: 't2' });
    fake.socket.resumed([1]);
    fake.socket.returned(1, 2, { occupants: [ana, ben] });
    fake.socket.said(1, 1, 'meanwhile');
    fake.socket.said(1, 2, 'on its way', ana, nonce);
    await settle();
    expect(stages(chat)).toEqual(['offline: sending']);
    fake.socket.said(1, 3, 'offline', ana, fake.socket.last('post').nonce);
    fake.socket.posted(3, 1);
    await settle();
    expect(lines(chat)).toEqual(['start', 'meanwhile', 'on its way', 'offline']);
    expect(chat.room(1)?.items.at(-1)).toMatchObject({ heard: 1 });
    expect(chat.room(1)).toMatchObject({ live: true, count: 2 });
  });

  test('what is lost for good is told, in its place', async () => {
    const { chat, fake } = await inside();
    fake.socket.said(1, 1, 'before');
    fake.socket.drop(4000);
    await settle();
    await settle();
    fake.socket.hello({ resume: 't2', epoch: 'e2' });
    fake.socket.admit(1, { seq: 0 });
    fake.socket.said(1, 1, 'after', ben, 'other');
    await settle();
    expect(lines(chat)).toEqual(['start', 'before', 'restart', 'after']);
  });

  test('one whose event was seen is sent, whatever became of its acknowledgement', async () => {
    const { chat, fake } = await inside();
    chat.post(1, 'seen');
    fake.socket.said(1, 1, 'seen', ana, fake.socket.last('post').nonce);
    fake.socket.drop(1006);
    expect(stages(chat)).toEqual([]);
    expect(lines(chat)).toEqual(['start', 'seen', 'lost']);
  });

  test('a thousand events are taken in one go', async () => {
    const { chat, fake } = await inside();
    const before = chat.room(1);
    for (let seq = 1; seq <= 1000; seq++) {
      fake.socket.said(1, seq);
    }
    expect(chat.room(1)).toBe(before);
    await settle();
    expect(chat.room(1)?.items).toHaveLength(1001);
    expect(chat.unread).toBe(1000);
  });

  test('a clock that is put back stops nothing', async () => {
    const { chat, fake } = await inside();
    const asked = (): number => vi.mocked(fetch).mock.calls.filter(([url]) => url === '/api/v1/me').length;
    const told = (): number => fake.socket.sent.filter(({ type }) => type === 'typing').length;
    chat.type(1);
    dispatchEvent(new Event('focus'));
    expect([told(), asked()]).toEqual([1, 1]);
    vi.setSystemTime(Date.now() - 24 * 3600_000);
    chat.type(1);
    dispatchEvent(new Event('focus'));
    expect([told(), asked()]).toEqual([2, 2]);
  });

  test('typing is told every three seconds at most', async () => {
    const { chat, fake } = await inside();
    const told = (): number => fake.socket.sent.filter(({ type }) => type === 'typing').length;
    for (let i = 0; i < 29; i++) {
      chat.type(1);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(told()).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    chat.type(1);
    expect(told()).toBe(2);
    expect(fake.socket.last('typing').ref).toBeUndefined();
  });
});

describe('a page loaded anew', () => {
  test('goes on where the last one was, without what was said there', async () => {
    const { chat, fake } = await inside();
    chat.enter(2);
    fake.socket.admit(2);
    fake.socket.said(1, 1, 'before');
    chat.setQuiet(true);
    await settle();
    const kept = chat.keep();
    expect(JSON.stringify(kept)).not.toContain('before');
    const next = fakeClient();
    const again = new Chat(me, server, next.client, { loggedOut: vi.fn(), other: vi.fn() });
    stops.push(() => {
      again.stop();
    });
    // Another tab is in other rooms: those of this one count.
    localStorage.setItem('earshot.rooms.1', '[1,2,3]');
    again.start(kept);
    expect(again.entering).toEqual([1, 2]);
    next.socket.hello({ resume: 't2' });
    expect(next.socket.last('resume')).toMatchObject({
      token: 't1',
      seen: [
        { room: 1, seq: 1 },
        { room: 2, seq: 0 },
      ],
    });
    next.socket.resumed([1, 2]);
    next.socket.returned(1, 2);
    next.socket.said(1, 2, 'meanwhile');
    next.socket.returned(2, 0);
    await settle();
    expect(lines(again)).toEqual(['reloaded', 'meanwhile']);
    expect(again.entering).toEqual([]);
    expect(again.quiet).toBe(true);
    expect(next.socket.last('status').status).toBe('dnd');
  });

  test('brought back as it was connects anew, and looks who is there now', async () => {
    const { chat, fake, gone } = await inside();
    whoAmI = () => Response.json({ ...me, id: 7 });
    void chat.wake();
    expect(fake.sockets).toHaveLength(2);
    await settle();
    expect(gone.other).toHaveBeenCalledOnce();
  });
});

describe('people', () => {
  const crowd = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({
      id: from + i,
      name: `p${String(from + i).padStart(4, '0')}`,
    }));

  test('are listed page by page', async () => {
    const { chat, fake } = await begin();
    chat.enter(1);
    fake.socket.admit(1, { occupants: crowd(1, 100), count: 150 });
    await settle();
    const asked = morePeople(chat, 1);
    const { ref, after } = fake.socket.last('occupants');
    expect(after).toBe('p0100');
    fake.socket.frame({
      type: 'occupants',
      ref,
      room: 1,
      occupants: crowd(101, 50),
      count: 150,
      more: false,
    });
    await asked;
    expect(chat.room(1)).toMatchObject({ more: false, count: 150 });
    expect(chat.room(1)?.people).toHaveLength(150);
  });

  test('are asked for anew after many came unnamed', async () => {
    const { chat, fake } = await inside();
    fake.socket.frame({ type: 'entered', room: 1, seq: 1, at: 1, users: crowd(10, 20), more: 5, count: 27 });
    await settle();
    expect(chat.room(1)?.stale).toBe(true);
    const asked = relist(chat, 1);
    const { ref } = fake.socket.last('occupants');
    fake.socket.frame({ type: 'occupants', ref, room: 1, occupants: crowd(8, 27), count: 27, more: false });
    await asked;
    expect(chat.room(1)).toMatchObject({ stale: false, count: 27 });
    expect(chat.room(1)?.people).toHaveLength(27);
  });
});

describe('the list of rooms', () => {
  const asked = (): number => vi.mocked(fetch).mock.calls.filter(([url]) => url === '/api/v1/rooms').length;

  test('is asked for anew when the page comes to the front, once', async () => {
    await begin();
    await vi.advanceTimersByTimeAsync(5000);
    const before = asked();
    dispatchEvent(new Event('focus'));
    document.dispatchEvent(new Event('visibilitychange'));
    await settle();
    expect(asked()).toBe(before + 1);
    await vi.advanceTimersByTimeAsync(5000);
    document.dispatchEvent(new Event('visibilitychange'));
    await settle();
    expect(asked()).toBe(before + 2);
  });

  test('is asked for after connecting, and then now and then', async () => {
    const fake = fakeClient();
    const chat = new Chat(me, server, fake.client, { loggedOut: vi.fn(), other: vi.fn() });
    stops.push(() => {
      chat.stop();
    });
    chat.start();
    await settle();
    const before = asked();
    fake.socket.hello();
    await settle();
    expect(asked()).toBe(before + 1);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(asked()).toBe(before + 2);
  });
});

describe('the log-in', () => {
  test.each([
    ['when the page comes to the front', () => dispatchEvent(new Event('focus'))],
    ['when the list is asked for', () => vi.advanceTimersByTime(20_000)],
  ])('of somebody else is noticed %s', async (_, happens) => {
    const { chat, gone } = await begin();
    await vi.advanceTimersByTimeAsync(2000);
    const listing = chat.listing;
    whoAmI = () => Response.json({ ...me, id: 7 });
    happens();
    await settle();
    expect(gone.other).toHaveBeenCalledOnce();
    // Not even the other one's rooms are shown meanwhile.
    expect(chat.listing).toBe(listing);
  });

  test('that ended unheard is noticed, and trouble is not taken for it', async () => {
    const { gone } = await begin();
    await vi.advanceTimersByTimeAsync(2000);
    whoAmI = () => new Response(null, { status: 503 });
    dispatchEvent(new Event('focus'));
    await vi.advanceTimersByTimeAsync(2000);
    expect(gone.loggedOut).not.toHaveBeenCalled();
    whoAmI = () => new Response(null, { status: 401 });
    dispatchEvent(new Event('focus'));
    await settle();
    expect(gone.loggedOut).toHaveBeenCalledOnce();
    expect(gone.other).not.toHaveBeenCalled();
  });

  test('is not looked at after the end', async () => {
    const { chat, gone } = await begin();
    await vi.advanceTimersByTimeAsync(2000);
    whoAmI = () => Response.json({ ...me, id: 7 });
    dispatchEvent(new Event('focus'));
    chat.stop();
    await settle();
    expect(gone.other).not.toHaveBeenCalled();
  });

  test('that ended is told', async () => {
    const { fake, gone } = await inside();
    fake.socket.drop(4500);
    expect(gone.loggedOut).toHaveBeenCalledOnce();
  });

  test('of somebody else in the same browser is told', async () => {
    const fake = fakeClient();
    const gone = { loggedOut: vi.fn(), other: vi.fn() };
    const chat = new Chat({ ...me, id: 7 }, server, fake.client, gone);
    stops.push(() => {
      chat.stop();
    });
    chat.start();
    fake.socket.hello();
    await settle();
    expect(gone.other).toHaveBeenCalledOnce();
  });

  test('ends with everything forgotten', async () => {
    const { chat } = await inside();
    chat.drafts[1] = 'typed';
    chat.post(1, 'said');
    chat.stop();
    expect(chat.rooms).toEqual([]);
    expect(chat.drafts[1]).toBeUndefined();
  });
});
