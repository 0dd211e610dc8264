import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { orderOf, pin, put, step, withRoom } from '../src/lib/notice/arrange';
import { Choices, counted } from '../src/lib/notice/choices.svelte';
import { found } from '../src/lib/notice/find';
import { iconOf, mentionsIn } from '../src/lib/notice/icon';
import { asked, beside } from '../src/lib/notice/press';
import { quietUntil } from '../src/lib/notice/quiet';
import { excerpt, matchesIn } from '../src/lib/notice/search';
import { Teller } from '../src/lib/notice/teller';
import { titled } from '../src/lib/notice/title';
import Notifications from '../src/lib/pages/settings/Notifications.svelte';
import { Chat } from '../src/lib/state/chat.svelte';
import { calls } from '../src/lib/state/mention';
import { Session } from '../src/lib/state/session.svelte';
import { ana, ben, fakeClient, server } from './fake';

const me = {
  id: 1,
  username: 'ana',
  is_staff: false,
  is_superuser: false,
  can_create_rooms: true,
  display_name: '',
  email: '',
  email_confirmed: false,
  has_password: true,
  permissions: [],
};

beforeEach(() => {
  localStorage.clear();
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ rooms: [] })));
});
afterEach(() => {
  cleanup();
  for (const stop of stops.splice(0)) stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const stops: (() => void)[] = [];

function chatting(...rooms: number[]) {
  const fake = fakeClient();
  const chat = new Chat(me, server, fake.client, { loggedOut: vi.fn(), other: vi.fn() });
  stops.push(() => {
    chat.stop();
  });
  chat.start();
  fake.socket.hello();
  for (const room of rooms) {
    chat.enter(room);
    fake.socket.admit(room, { occupants: [ana, ben] });
  }
  // What came is taken in at once.
  const settle = (): void => {
    chat.look(chat.looking === 0 ? -1 : 0);
    chat.look(0);
  };
  settle();
  return { chat, fake, settle };
}

describe('who is called', () => {
  test.each([
    ['@ana', true],
    ['hello @Ana.', true],
    ['(@ana), look', true],
    ['@ana-', true],
    ['@anabel', false],
    ['ana', false],
    ['mail@ana', false],
    ['`@ana`', false],
    ['```\n@ana\n```', false],
    ['```\n@ana', false],
    ['`x` @ana `y`', true],
    ['@@ana', false],
    ['', false],
  ])('%j: %s', (text, called) => {
    expect(calls(text, 'ana')).toBe(called);
  });

  test('by a name that ends with a sign', () => {
    expect(calls('@j.r. wrote', 'j.r.')).toBe(true);
    expect(calls('@j.r wrote', 'j.r.')).toBe(false);
  });

  test('a text that is made to take long takes no time', () => {
    const began = performance.now();
    for (const text of ['@'.repeat(8192), '`'.repeat(8191) + 'a', '@ana'.repeat(2048), '```'.repeat(2700)]) {
      calls(`${text} @an`, 'ana');
    }
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe('what counts', () => {
  test('mentions and answers to oneself are counted apart', () => {
    const { chat, fake, settle } = chatting(1, 2);
    const say = (seq: number, text: string, more: object = {}): void => {
      fake.socket.frame({
        type: 'message',
        room: 1,
        seq,
        at: seq,
        user: ben,
        nonce: `n${seq}`,
        text,
        ...more,
      });
    };
    fake.socket.frame({ type: 'message', room: 1, seq: 1, at: 1, user: ana, nonce: 'a', text: '@ana mine' });
    say(2, 'one');
    say(3, 'to you', { reply: 1 });
    say(4, 'to me', { reply: 2 });
    say(5, 'to what is not there', { reply: 99 });
    say(6, 'and @ana');
    settle();
    expect(chat.room(1)).toMatchObject({ unread: 5, mentions: 2 });
    expect([chat.unread, mentionsIn(chat)]).toEqual([5, 2]);
    chat.choices.setLevel(1, 'mentions');
    expect([chat.unread, mentionsIn(chat)]).toEqual([2, 2]);
    chat.choices.setLevel(1, 'nothing');
    expect([chat.unread, mentionsIn(chat)]).toEqual([0, 0]);
    chat.choices.setLevel(1, undefined);
    chat.readAll();
    expect(chat.room(1)).toMatchObject({ unread: 0, mentions: 0, newFrom: 0 });
  });

  test('by level', () => {
    const room = { unread: 5, mentions: 2 };
    expect(counted(room, 'all')).toEqual(room);
    expect(counted(room, 'mentions')).toEqual({ unread: 2, mentions: 2 });
    expect(counted(room, 'nothing')).toEqual({ unread: 0, mentions: 0 });
  });

  test('the title has a number and nothing else; the icon a dot or a number', () => {
    expect(titled('Lobby · Test', 0)).toBe('Lobby · Test');
    expect(titled('Lobby · Test', 100)).toBe('(99+) Lobby · Test');
    expect(iconOf(0, 0)).toBe('/favicon.svg');
    expect(iconOf(3, 0)).not.toContain('text');
    expect(decodeURIComponent(iconOf(3, 2))).toContain('>2</text>');
    expect(decodeURIComponent(iconOf(30, 12))).toContain('>9+</text>');
  });
});

describe('what is chosen', () => {
  test('is kept by numbers, and followed in other tabs', () => {
    const choices = new Choices(1);
    choices.setLevel(7, 'nothing');
    choices.change({ pins: [7, 3] });
    expect(Object.keys(localStorage)).toEqual(['earshot.notice.1']);
    const other = new Choices(1);
    stops.push(other.watch());
    expect([other.level(7), other.level(8), other.now.pins]).toEqual(['nothing', 'all', [7, 3]]);
    choices.change({ level: 'mentions' });
    dispatchEvent(new StorageEvent('storage', { key: 'earshot.notice.1' }));
    expect(other.level(8)).toBe('mentions');
    expect(new Choices(2).level(7)).toBe('all');
  });

  test.each([
    '',
    'null',
    '[]',
    '7',
    '{',
    '{"levels":7,"pins":{},"order":[0,-1,"x",1.5],"quiet":"x","level":"loud"}',
  ])('is nothing where %j was kept', (text) => {
    localStorage.setItem('earshot.notice.1', text);
    expect(new Choices(1).now).toEqual({
      level: 'all',
      levels: {},
      pins: [],
      order: [],
      notify: false,
      text: false,
      sound: false,
      quiet: 0,
    });
  });

  test('do not disturb holds in other tabs, and no longer than it was asked for', () => {
    const now = Date.now();
    localStorage.setItem('earshot.notice.1', JSON.stringify({ quiet: now - 1 }));
    expect(new Choices(1).now.quiet).toBe(0);
    // Nobody chose this, and there is no such moment to be shown.
    localStorage.setItem('earshot.notice.1', '{"quiet":1e999}');
    expect(new Choices(1).now.quiet).toBe(0);
    localStorage.setItem('earshot.notice.1', JSON.stringify({ quiet: now + 60_000 }));
    const { chat } = chatting();
    expect(chat.quiet).toBe(true);
    chat.setQuiet(false);
    expect(new Choices(1).now.quiet).toBe(0);
    chat.setStatus('dnd');
    expect(new Choices(1).now.quiet).toBe(-1);
  });

  test('until tomorrow is eight in the morning', () => {
    const at = (day: number, hour: number): number => new Date(2026, 2, day, hour, 30).getTime();
    const eight = (day: number): number => new Date(2026, 2, day, 8).getTime();
    expect(quietUntil('tomorrow', at(5, 22))).toBe(eight(6));
    expect(quietUntil('tomorrow', at(6, 1))).toBe(eight(6));
    expect(quietUntil('tomorrow', at(31, 9))).toBe(new Date(2026, 3, 1, 8).getTime());
    expect(quietUntil('half', 0)).toBe(1_800_000);
    expect(quietUntil('hour', 0)).toBe(3_600_000);
  });
});

describe('the order of rooms', () => {
  test('is by title until one moves something', () => {
    const { chat } = chatting(3, 1, 2);
    expect(orderOf(chat)).toEqual({ pinned: [], joined: [1, 2, 3] });
    step(chat, 3, -1);
    expect(orderOf(chat).joined).toEqual([1, 3, 2]);
    step(chat, 1, -1); // cannot
    step(chat, 1, 1);
    step(chat, 1, 1);
    step(chat, 1, 1); // cannot
    expect(orderOf(chat).joined).toEqual([3, 2, 1]);
    pin(chat, 2, true);
    pin(chat, 1, true);
    expect(orderOf(chat)).toEqual({ pinned: [2, 1], joined: [3] });
    put(chat, 3, 'pinned', 1);
    expect(orderOf(chat)).toEqual({ pinned: [2, 3, 1], joined: [] });
    pin(chat, 2, false);
    expect(orderOf(chat)).toEqual({ pinned: [3, 1], joined: [2] });
  });

  test('a room that one left has its place when one is back', async () => {
    const { chat, fake } = chatting(1, 2);
    pin(chat, 2, true);
    const left = chat.leave(2);
    fake.socket.frame({ type: 'left', ref: fake.socket.last('leave').ref, room: 2 });
    await left;
    pin(chat, 1, true);
    expect(orderOf(chat)).toEqual({ pinned: [1], joined: [] });
    expect(chat.choices.now.pins).toEqual([1, 2]);
  });

  test('a place that is not there is the end', () => {
    expect(withRoom({ pinned: [1], joined: [2, 3] }, 3, 'pinned', 99)).toEqual({
      pinned: [1, 3],
      joined: [2],
    });
  });
});

describe('keys', () => {
  const press = (key: string, more: KeyboardEventInit = {}, target: Element = document.body) => {
    let what: ReturnType<typeof asked> = null;
    const hear = (event: KeyboardEvent): void => {
      what = asked(event);
    };
    addEventListener('keydown', hear, { once: true });
    target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...more }));
    return what;
  };

  test('mean nothing while one types, but with Ctrl, Cmd or Alt', () => {
    const field = document.createElement('textarea');
    document.body.append(field);
    stops.push(() => {
      field.remove();
    });
    expect([press('?'), press('/'), press('Escape')]).toEqual(['keys', 'search', 'escape']);
    expect([press('?', {}, field), press('/', {}, field), press('a', {}, field)]).toEqual([null, null, null]);
    expect(press('k', { ctrlKey: true }, field)).toBe('switcher');
    expect(press('k', { metaKey: true }, field)).toBe('switcher');
    expect(press('F', { ctrlKey: true, shiftKey: true }, field)).toBe('search');
    expect(press('ArrowUp', { altKey: true }, field)).toBe('up');
    expect(press('ArrowDown', { altKey: true, shiftKey: true }, field)).toBe('unreadDown');
  });

  test('are left alone where they are the browser’s', () => {
    expect(press('f', { ctrlKey: true })).toBeNull();
    expect(press('K', { ctrlKey: true, shiftKey: true })).toBeNull();
    expect(press('ArrowLeft', { altKey: true })).toBeNull();
    expect(press('?', { ctrlKey: true })).toBeNull();
    const select = document.createElement('select');
    document.body.append(select);
    expect(press('ArrowDown', { altKey: true }, select)).toBeNull();
    select.remove();
  });

  test('lead around in a circle', () => {
    const rooms = ['a', 'b', 'c'];
    expect([beside(rooms, 2, 1), beside(rooms, 0, -1), beside(rooms, -1, 1), beside(rooms, -1, -1)]).toEqual([
      'a',
      'c',
      'a',
      'c',
    ]);
    expect(beside(rooms, 0, 1, (room) => room === 'c')).toBe('c');
    expect(beside(rooms, 0, 1, () => false)).toBeUndefined();
    expect(beside(rooms, 0, 1, (room) => room === 'a')).toBeUndefined();
    expect(beside<string>([], -1, 1)).toBeUndefined();
  });
});

describe('finding by a few letters', () => {
  const rooms = ['Design review', 'Lunch', 'Incident 42', 'Réunion', 'Under the sign'];
  const find = (query: string): string[] => found(query, rooms, (room) => room);

  test('the best comes first', () => {
    expect(find('lunch')).toEqual(['Lunch']);
    expect(find('sign')).toEqual(['Under the sign', 'Design review']);
    expect(find('dr')).toEqual(['Design review', 'Under the sign']);
    expect(find('reunion')).toEqual(['Réunion']);
    expect(find('42 inc')).toEqual(['Incident 42']);
    expect(find('zzz')).toEqual([]);
    expect(find('  ')).toEqual(rooms);
  });
});

describe('the search', () => {
  test('finds what the page has, and shows what stands around it', () => {
    const { chat, fake, settle } = chatting(1);
    fake.socket.said(1, 1, 'Bread and butter');
    fake.socket.said(1, 2, 'nothing');
    fake.socket.said(1, 3, 'more BREAD');
    settle();
    const room = chat.room(1);
    if (!room) throw new Error('no room');
    expect(matchesIn(room, ' bread ').map(({ said }) => said.seq)).toEqual([1, 3]);
    expect(matchesIn(room, '  ')).toEqual([]);
    expect(excerpt('more BREAD', 'bread')).toEqual(['more ', 'BREAD', '']);
    const [before, hit, after] = excerpt(`${'x'.repeat(100)}bread${'y'.repeat(100)}`, 'bread');
    expect([before.length, hit, after.length]).toEqual([41, 'bread', 41]);
    expect(excerpt('İstanbul', 'stan')).toEqual(['İstanbul', '', '']);
  });
});

describe('telling', () => {
  const told: { title: string; body: string; tag: string; close: ReturnType<typeof vi.fn> }[] = [];

  function listening(hidden = true) {
    told.length = 0;
    class FakeNotification {
      static permission = 'granted';
      onclick: (() => void) | null = null;
      close = vi.fn();
      constructor(title: string, { body = '', tag = '' }: NotificationOptions) {
        told.push({ title, body, tag, close: this.close });
      }
    }
    vi.stubGlobal('Notification', FakeNotification);
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
    const { chat, fake, settle } = chatting(1, 2);
    chat.choices.change({ notify: true });
    const teller = new Teller(chat, vi.fn());
    teller.look(chat.rooms);
    let seq = 0;
    const says = async (text: string, room = 1): Promise<string[]> => {
      told.length = 0;
      fake.socket.said(room, ++seq, text);
      settle();
      teller.look(chat.rooms);
      await new Promise((done) => setTimeout(done, 0));
      return told.map(({ body }) => body);
    };
    return { chat, teller, says };
  }

  test('names the room and nothing that was said, unless it was asked for', async () => {
    const { chat, says } = listening();
    expect(await says('secret')).toEqual(['Something was said']);
    expect(told[0]).toMatchObject({ title: 'Room 1', tag: 'earshot.1.1' });
    expect(await says('@ana secret')).toEqual(['You were mentioned or answered']);
    chat.choices.change({ text: true });
    expect(await says('in the open')).toEqual(['ben: in the open']);
    expect((await says('x'.repeat(5000)))[0]).toHaveLength(205);
  });

  test('follows the level, and do not disturb', async () => {
    const { chat, says } = listening();
    chat.choices.setLevel(1, 'mentions');
    expect(await says('to nobody')).toEqual([]);
    expect(await says('@ana')).toHaveLength(1);
    chat.choices.setLevel(1, 'nothing');
    expect(await says('@ana')).toEqual([]);
    expect(await says('@ana', 2)).toHaveLength(1);
    chat.setQuiet(true);
    expect(await says('@ana', 2)).toEqual([]);
  });

  test('is not done before the person’s eyes, nor what one said oneself', async () => {
    const { says } = listening(false);
    expect(await says('@ana')).toEqual([]);
  });

  test('is taken back when the room was read', async () => {
    const { chat, teller, says } = listening();
    await says('one');
    expect(told[0]?.close).not.toHaveBeenCalled();
    chat.look(1);
    teller.look(chat.rooms);
    expect(told[0]?.close).toHaveBeenCalledOnce();
  });
});

describe('the settings', () => {
  test('ask the browser by a press only', async () => {
    const request = vi.fn(() => Promise.resolve('denied'));
    vi.stubGlobal('Notification', { permission: 'default', requestPermission: request });
    vi.stubGlobal('isSecureContext', true);
    const { chat } = chatting(1);
    render(Notifications, { chat, server, session: new Session() });
    expect(request).not.toHaveBeenCalled();
    const toggle = screen.getByRole('switch', { name: 'Show notifications while the page is hidden' });
    await fireEvent.click(toggle);
    await waitFor(() => {
      expect(screen.getByRole('alert').textContent).toContain('does not let this page');
    });
    expect(chat.choices.now.notify).toBe(false);
    expect(toggle.getAttribute('aria-checked')).toBe('false');
    await fireEvent.change(screen.getByRole('combobox', { name: 'Room 1' }), {
      target: { value: 'nothing' },
    });
    expect(chat.choices.level(1)).toBe('nothing');
    await fireEvent.change(screen.getByRole('combobox', { name: 'Room 1' }), { target: { value: '' } });
    expect(chat.choices.now.levels).toEqual({});
    await fireEvent.click(screen.getByRole('radio', { name: 'Mentions and replies' }));
    expect(chat.choices.level(1)).toBe('mentions');
  });
});
