import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { longestWait, verdictOf, waitFor } from '../src/lib/client/backoff';
import { Client } from '../src/lib/client/client';
import { CommandError, ConnectionLost } from '../src/lib/client/errors';
import type { Frame } from '../src/lib/client/frames';
import type { Check, Connection } from '../src/lib/client/link';
import { ana, ben, fakeClient } from './fake';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('close codes', () => {
  test.each([
    [1001, 'moment'],
    [1002, 'never'],
    [1003, 'never'],
    [1007, 'never'],
    [1009, 'never'],
    [4000, 'now'],
    [4001, 'now'],
    [4099, 'now'],
    [4100, 'later'],
    [4150, 'later'],
    [4500, 'login'],
    [4501, 'never'],
    [4599, 'never'],
    [1006, 'later'],
    [1000, 'later'],
    [0, 'later'],
  ] as const)('%i: %s', (code, verdict) => {
    expect(verdictOf(code)).toBe(verdict);
  });

  test('waits grow, are spread, and are bounded', () => {
    expect(waitFor('moment', 0, () => 0)).toBe(1000);
    expect(waitFor('moment', 0, () => 0.999)).toBeLessThan(5000);
    expect(waitFor('now', 0, () => 0.999)).toBeLessThan(500);
    expect(waitFor('now', 3, () => 0)).toBeGreaterThanOrEqual(4000);
    for (let tries = 0; tries < 50; tries++) {
      const least = waitFor('later', tries, () => 0);
      const most = waitFor('later', tries, () => 0.999);
      expect(least).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(longestWait);
      expect(most).toBeGreaterThan(least);
    }
    expect(waitFor('moment', 0, () => 0.5, 0)).toBe(0);
    expect(waitFor('moment', 5, () => 0.5, 0)).toBeGreaterThan(10_000);
    expect(waitFor('moment', 0, () => 0.999, 1e15)).toBeLessThanOrEqual(300_000);
    expect(waitFor('later', 5, () => 0)).toBeGreaterThan(waitFor('later', 2, () => 0));
  });
});

function open(check?: () => Promise<Check>) {
  const fake = fakeClient(check);
  const seen: Connection[] = [];
  const frames: Frame[] = [];
  const faults: string[] = [];
  fake.client.on('connection', (connection) => void seen.push(connection));
  fake.client.on('frame', (frame) => void frames.push(frame));
  fake.client.on('fault', ({ what }) => void faults.push(what));
  fake.client.start();
  fake.socket.hello();
  return { fake, client: fake.client, seen, frames, faults, phases: () => seen.map(({ phase }) => phase) };
}

describe('connecting', () => {
  test('speaks the subprotocol and is open after hello', () => {
    const { fake, phases } = open();
    expect(fake.socket.url).toBe('ws://earshot.test/ws');
    expect(fake.socket.protocol).toBe('earshot.v1');
    expect(phases()).toEqual(['connecting', 'open']);
  });

  test('a server of another protocol is not spoken to', () => {
    const fake = fakeClient();
    fake.client.start();
    fake.socket.frame(helloOf('earshot.v9'));
    expect(fake.client.connection).toMatchObject({ phase: 'ended', why: 'never' });
    expect(fake.socket.closed).toBe(true);
  });

  test('a server that says nothing is given up after ten seconds', async () => {
    const fake = fakeClient();
    fake.client.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(fake.client.connection.phase).toBe('waiting');
    expect(fake.socket.closed).toBe(true);
  });

  test('a refused handshake asks whether the log-in still holds', async () => {
    const fake = fakeClient(() => Promise.resolve('login'));
    fake.client.start();
    fake.socket.drop(1006);
    await vi.advanceTimersByTimeAsync(0);
    expect(fake.client.connection).toMatchObject({ phase: 'ended', why: 'login' });
    await vi.advanceTimersByTimeAsync(120_000);
    expect(fake.sockets).toHaveLength(1);
  });

  test('an unreachable server is tried again, waiting longer each time', async () => {
    const fake = fakeClient(() => Promise.resolve('unreachable'));
    fake.client.start();
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      fake.socket.drop(1006);
      await vi.advanceTimersByTimeAsync(0);
      const { connection } = fake.client;
      if (connection.phase !== 'waiting') throw new Error(connection.phase);
      expect(connection.code).toBe(0);
      waits.push(connection.until - Date.now());
      await vi.advanceTimersByTimeAsync(connection.until - Date.now());
      expect(fake.client.connection.phase).toBe('connecting');
    }
    expect(fake.sockets).toHaveLength(9);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(Math.max(...waits)).toBeLessThanOrEqual(longestWait);
  });

  test('an address that the browser refuses ends it', () => {
    const client = new Client({
      url: 'ws://earshot.test/ws',
      check: () => Promise.resolve('ok'),
      connect: () => {
        throw new DOMException('refused by the policy', 'SecurityError');
      },
    });
    client.start();
    expect(client.connection).toEqual({ phase: 'ended', why: 'never', code: 0 });
  });
});

const helloOf = (protocol: string): object => ({
  type: 'hello',
  protocol,
  server: '9',
  epoch: 'e',
  user: ana,
  limits: {
    frame_bytes: 1,
    text_bytes: 1,
    rooms: 1,
    posts_per_second: 1,
    posts_burst: 1,
    frames_per_second: 1,
    frames_burst: 1,
  },
  ping_ms: 1000,
  resume: '',
  resume_ms: 0,
});

describe('coming back', () => {
  test.each([
    [1001, 1000, 5000],
    [4000, 0, 500],
    [4100, 500, 1000],
    [1006, 500, 1000],
  ])('after %i within %i to %i ms', async (code, least, most) => {
    const { fake, client } = open();
    fake.socket.drop(code);
    const { connection } = client;
    if (connection.phase !== 'waiting') throw new Error(connection.phase);
    expect(connection.code).toBe(code);
    expect(connection.until - Date.now()).toBeGreaterThanOrEqual(least);
    expect(connection.until - Date.now()).toBeLessThanOrEqual(most);
    await vi.advanceTimersByTimeAsync(most);
    expect(fake.sockets).toHaveLength(2);
  });

  test.each([
    [4500, 'login'],
    [4501, 'never'],
    [1003, 'never'],
    [1007, 'never'],
    [1009, 'never'],
  ] as const)('after %i not at all: %s', async (code, why) => {
    const { fake, client } = open();
    fake.socket.drop(code);
    expect(client.connection).toEqual({ phase: 'ended', why, code });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(fake.sockets).toHaveLength(1);
  });

  test('"now" said over and over becomes later and later', async () => {
    const { fake } = open();
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      fake.socket.drop(4000);
      const { connection } = fake.client;
      if (connection.phase !== 'waiting') throw new Error(connection.phase);
      waits.push(connection.until - Date.now());
      await vi.advanceTimersByTimeAsync(connection.until - Date.now());
      fake.socket.hello();
    }
    expect(waits[0]).toBeLessThan(500);
    expect(waits[3]).toBeGreaterThan(3000);
  });

  test('a connection that held makes the next wait short again', async () => {
    const { fake } = open();
    for (let i = 0; i < 4; i++) {
      fake.socket.drop(1006);
      await vi.advanceTimersByTimeAsync(longestWait);
      fake.socket.hello();
    }
    await vi.advanceTimersByTimeAsync(11_000);
    fake.socket.drop(1006);
    const { connection } = fake.client;
    if (connection.phase !== 'waiting') throw new Error(connection.phase);
    expect(connection.until - Date.now()).toBeLessThanOrEqual(1000);
  });

  test.each([
    ['before the connection ends', 1001],
    ['however it ends then', 1006],
  ])('a server that stops says how to spread the return: %s', async (_, code) => {
    const { fake, client } = open();
    fake.socket.frame({ type: 'stopping', return_ms: 20_000 });
    expect(client.connection.phase).toBe('open');
    fake.socket.drop(code);
    const { connection } = client;
    if (connection.phase !== 'waiting') throw new Error(connection.phase);
    expect(connection.until - Date.now()).toBe(10_000);
    // That was of that one time.
    await vi.advanceTimersByTimeAsync(10_000);
    fake.socket.hello();
    await vi.advanceTimersByTimeAsync(11_000);
    fake.socket.drop(1001);
    const again = client.connection;
    if (again.phase !== 'waiting') throw new Error(again.phase);
    expect(again.until - Date.now()).toBe(3000);
  });

  test('connects anew at once when the socket is not to be trusted', () => {
    const { fake, client } = open();
    client.reconnect();
    expect(fake.sockets).toHaveLength(2);
    expect(fake.sockets[0]?.closed).toBe(true);
    // Not 1000: the session is to go on.
    expect(fake.sockets[0]?.code).toBeUndefined();
    client.stop();
    client.reconnect();
    expect(fake.sockets).toHaveLength(2);
  });

  test('tries at once when asked to', () => {
    const { fake, client } = open();
    fake.socket.drop(4100);
    client.retryNow();
    expect(fake.sockets).toHaveLength(2);
    client.retryNow();
    expect(fake.sockets).toHaveLength(2);
  });

  test('stop ends it for good', async () => {
    const { fake, client } = open();
    client.join(1);
    client.stop();
    expect(fake.socket.closed).toBe(true);
    // This code tells the server that the session is over; any other keeps it.
    expect(fake.socket.code).toBe(1000);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(fake.sockets).toHaveLength(1);
    expect(client.connection.phase).toBe('idle');
  });

  test('an old socket is not listened to any more', () => {
    const { fake, client, frames } = open();
    const old = fake.socket;
    const speak = old.onmessage;
    old.drop(4000);
    client.retryNow();
    fake.socket.hello();
    speak?.({ data: JSON.stringify({ type: 'typing', room: 1, users: [ben] }) } as MessageEvent);
    expect(frames).toEqual([]);
    expect(client.connection.phase).toBe('open');
  });
});

describe('rooms', () => {
  test('all are entered again after a reconnect, and left ones are not', async () => {
    const { fake, client } = open();
    for (const room of [1, 2, 3]) {
      client.join(room);
      fake.socket.admit(room);
    }
    const left = client.leave(2);
    fake.socket.frame({ type: 'left', ref: fake.socket.last('leave').ref, room: 2 });
    await left;
    fake.socket.drop(4000);
    client.join(4);
    await vi.advanceTimersByTimeAsync(500);
    expect(fake.socket.sent).toEqual([]);
    fake.socket.hello({ epoch: 'e2' });
    expect(fake.socket.sent.map(({ type, room }) => [type, room])).toEqual([
      ['join', 1],
      ['join', 3],
      ['join', 4],
    ]);
  });

  test('one that was closed or from which one was removed is not entered again', async () => {
    const { fake, client } = open();
    client.join(1);
    client.join(2);
    fake.socket.admit(1);
    fake.socket.admit(2);
    fake.socket.frame({ type: 'closed', room: 1, seq: 1, at: 1 });
    fake.socket.frame({ type: 'removed', room: 2, code: 'forbidden', message: 'No more.' });
    fake.socket.drop(4000);
    await vi.advanceTimersByTimeAsync(500);
    fake.socket.hello();
    expect(fake.socket.sent).toEqual([]);
  });

  test('a refused one is told and not tried again', async () => {
    const { fake, client } = open();
    const refused = vi.fn();
    client.on('refused', refused);
    client.join(9);
    const { ref } = fake.socket.last('join');
    fake.socket.frame({ type: 'error', ref, code: 'not_found', message: 'There is no such room.' });
    await vi.advanceTimersByTimeAsync(30_000);
    expect(refused).toHaveBeenCalledOnce();
    expect(refused.mock.calls[0]?.[0]).toMatchObject({ room: 9, error: { code: 'not_found' } });
    expect(fake.socket.sent.filter(({ type }) => type === 'join')).toHaveLength(1);
  });

  test('one refused for a while is tried again after that while', async () => {
    const { fake, client } = open();
    client.join(9);
    const { ref } = fake.socket.last('join');
    fake.socket.frame({ type: 'error', ref, code: 'rate_limited', message: 'Slowly.', retry_ms: 3000 });
    await vi.advanceTimersByTimeAsync(2900);
    expect(fake.socket.sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(fake.socket.sent).toHaveLength(2);
  });
});

describe('commands', () => {
  const page = { type: 'occupants', room: 1, occupants: [ana], more: false };

  test('are answered by their refs, whatever the order', async () => {
    const { fake, client } = open();
    const first = client.occupants(1, '');
    const second = client.occupants(1, 'ana');
    const [a, b] = fake.socket.all('occupants');
    expect(a?.ref).not.toBe(b?.ref);
    fake.socket.frame({ ...page, ref: b?.ref, count: 2 });
    fake.socket.frame({ ...page, ref: a?.ref, count: 1 });
    await expect(first).resolves.toMatchObject({ count: 1 });
    await expect(second).resolves.toMatchObject({ count: 2 });
  });

  test('are refused with a code and a sentence', async () => {
    const { fake, client } = open();
    const asked = client.occupants(1, '');
    const { ref } = fake.socket.last('occupants');
    const error = {
      type: 'error',
      ref,
      code: 'rate_limited',
      message: 'Slowly.',
      field: 'after',
      retry_ms: 500,
    };
    fake.socket.frame(error);
    await expect(asked).rejects.toEqual(new CommandError('rate_limited', 'Slowly.', 'after', 500));
  });

  test('are lost with their connection, and without one at once', async () => {
    const { fake, client } = open();
    const asked = client.occupants(1, '');
    fake.socket.drop(1006);
    await expect(asked).rejects.toBeInstanceOf(ConnectionLost);
    await expect(client.occupants(1, '')).rejects.toBeInstanceOf(ConnectionLost);
  });

  test('an answer of the wrong kind or to no command settles nothing', async () => {
    const { fake, client } = open();
    const settled = vi.fn();
    client.occupants(1, '').then(settled, settled);
    const { ref } = fake.socket.last('occupants');
    fake.socket.frame({ type: 'ok', ref });
    fake.socket.frame({ type: 'left', ref, room: 1 });
    fake.socket.frame({ ...page, ref: 999, count: 1 });
    await vi.advanceTimersByTimeAsync(0);
    expect(settled).not.toHaveBeenCalled();
  });
});

describe('signs of life', () => {
  test('after a silence something is asked; without an answer the connection is dead', async () => {
    const { fake, client } = open();
    await vi.advanceTimersByTimeAsync(37_499);
    expect(fake.socket.sent).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(fake.socket.last('ping').ref).toBeGreaterThan(0);
    await vi.advanceTimersByTimeAsync(12_499);
    expect(client.connection.phase).toBe('open');
    await vi.advanceTimersByTimeAsync(1);
    expect(client.connection).toMatchObject({ phase: 'waiting', code: 4001 });
    expect(fake.socket.closed).toBe(true);
  });

  test('so is one where the clock is put back meanwhile', async () => {
    const { fake, client } = open();
    await vi.advanceTimersByTimeAsync(10_000);
    fake.socket.frame({ type: 'ping' });
    vi.setSystemTime(Date.now() - 24 * 3600_000);
    await vi.advanceTimersByTimeAsync(40_000);
    expect(client.connection).toMatchObject({ phase: 'waiting', code: 4001 });
  });

  test('the answer keeps it alive', async () => {
    const { fake, client } = open();
    for (let i = 1; i <= 5; i++) {
      await vi.advanceTimersByTimeAsync(37_500);
      fake.socket.frame({ type: 'ok', ref: fake.socket.last('ping').ref });
      expect(fake.socket.sent).toHaveLength(i);
    }
    expect(client.connection.phase).toBe('open');
  });

  test('while the server pings, nothing is asked', async () => {
    const { fake, client } = open();
    const fault = vi.fn();
    client.on('fault', fault);
    for (let i = 0; i < 20; i++) {
      await vi.advanceTimersByTimeAsync(25_000);
      fake.socket.frame({ type: 'ping' });
    }
    expect(client.connection.phase).toBe('open');
    expect(fake.socket.sent).toHaveLength(0);
    expect(fault).not.toHaveBeenCalled();
  });

  test('any frame is one, even a broken one', async () => {
    const { fake, client } = open();
    client.join(1);
    fake.socket.admit(1);
    for (let i = 0; i < 20; i++) {
      await vi.advanceTimersByTimeAsync(24_000);
      fake.socket.raw('nonsense');
    }
    expect(client.connection.phase).toBe('open');
    expect(fake.socket.sent).toHaveLength(1);
  });

  test('a nudge looks at once and waits five seconds only', async () => {
    const { fake, client } = open();
    client.join(1);
    fake.socket.admit(1);
    client.nudge();
    expect(fake.socket.last('ping').ref).toBeGreaterThan(0);
    await vi.advanceTimersByTimeAsync(5000);
    expect(client.connection.phase).toBe('waiting');
  });
});
