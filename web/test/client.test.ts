import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { longestWait, verdictOf, waitFor } from '../src/lib/client/backoff';
import { Client, NotSent } from '../src/lib/client/client';
import type { Check, Connection } from '../src/lib/client/client';
import { CommandError, ConnectionLost } from '../src/lib/client/commands';
import type { Frame } from '../src/lib/client/frames';
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
    speak?.({ data: JSON.stringify({ type: 'typing', room: 1, user: ben }) } as MessageEvent);
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
    fake.socket.hello();
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
  test('are answered by their refs, whatever the order', async () => {
    const { fake, client } = open();
    client.join(1);
    fake.socket.admit(1);
    const first = client.post(1, 'one', 'n1');
    const second = client.post(1, 'two', 'n2');
    const [a, b] = fake.socket.sent.filter(({ type }) => type === 'post');
    expect(a?.ref).not.toBe(b?.ref);
    const posted = { type: 'posted', room: 1, at: 5, heard: 3 };
    fake.socket.frame({ ...posted, ref: b?.ref, seq: 2, nonce: 'n2' });
    fake.socket.frame({ ...posted, ref: a?.ref, seq: 1, nonce: 'n1' });
    await expect(first).resolves.toMatchObject({ seq: 1, nonce: 'n1' });
    await expect(second).resolves.toMatchObject({ seq: 2, nonce: 'n2' });
  });

  test('are refused with a code and a sentence', async () => {
    const { fake, client } = open();
    client.join(1);
    fake.socket.admit(1);
    const post = client.post(1, 'x', 'n1');
    const { ref } = fake.socket.last('post');
    fake.socket.frame({
      type: 'error',
      ref,
      code: 'rate_limited',
      message: 'Slowly.',
      field: 'text',
      retry_ms: 500,
    });
    await expect(post).rejects.toEqual(new CommandError('rate_limited', 'Slowly.', 'text', 500));
  });

  test('are lost with their connection, and a post without one is not sent', async () => {
    const { fake, client } = open();
    await expect(client.post(1, 'x', 'n0')).rejects.toBeInstanceOf(NotSent);
    client.join(1);
    fake.socket.admit(1);
    const post = client.post(1, 'x', 'n1');
    fake.socket.drop(1006);
    await expect(post).rejects.toBeInstanceOf(ConnectionLost);
    await expect(client.post(1, 'x', 'n2')).rejects.toBeInstanceOf(NotSent);
  });

  test('an answer of the wrong kind or to no command settles nothing', async () => {
    const { fake, client } = open();
    client.join(1);
    fake.socket.admit(1);
    const settled = vi.fn();
    client.post(1, 'x', 'n1').then(settled, settled);
    const { ref } = fake.socket.last('post');
    fake.socket.frame({ type: 'ok', ref });
    fake.socket.frame({ type: 'left', ref, room: 1 });
    fake.socket.frame({ type: 'posted', ref: 999, room: 1, seq: 1, at: 1, nonce: 'n1', heard: 0 });
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

describe('hostile frames', () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  const user = { id: 2, name: 'ben' };
  const said = { type: 'message', room: 1, seq: 1, at: 1, user, nonce: 'n', text: 'hi' };
  test.each([
    ['no JSON', 'hello', 'broken'],
    ['half JSON', '{"type":"message"', 'broken'],
    ['binary', new ArrayBuffer(8), 'broken'],
    ['null', 'null', 'broken'],
    ['a list', '[]', 'broken'],
    ['deep nesting', deep, 'broken'],
    ['no type', '{}', 'broken'],
    ['a type that is no text', '{"type":5}', 'broken'],
    ['an unknown type', '{"type":"reaction"}', 'unknown'],
    ['a name of Object', '{"type":"constructor"}', 'unknown'],
    ['__proto__', '{"type":"__proto__"}', 'unknown'],
    ['a missing field', JSON.stringify({ ...said, user: undefined }), 'broken'],
    ['a field of a wrong type', JSON.stringify({ ...said, text: { toString: 1 } }), 'broken'],
    ['a number out of range', '{"type":"typing","room":1e999,"user":{"id":1,"name":"x"}}', 'broken'],
    [
      'users that are none',
      JSON.stringify({ type: 'entered', room: 1, seq: 1, at: 1, users: [null], count: 1 }),
      'broken',
    ],
    ['an info that is none', '{"type":"changed","room":1,"seq":1,"at":1,"info":[]}', 'broken'],
  ] as const)('%s is ignored', (_, data, what) => {
    const { fake, client, frames, faults } = open();
    fake.socket.raw(data);
    expect(faults).toEqual([what]);
    expect(frames).toEqual([]);
    fake.socket.frame({ ...said, unknown_field: 1 });
    expect(frames).toHaveLength(1);
    expect(client.connection.phase).toBe('open');
  });

  test('a second hello changes nothing, and nothing is taken before the first', () => {
    const { fake, frames, seen } = open();
    fake.socket.hello();
    expect(seen).toHaveLength(2);
    const silent = fakeClient();
    const taken = vi.fn();
    silent.client.on('frame', taken);
    silent.client.start();
    silent.socket.frame(said);
    expect(taken).not.toHaveBeenCalled();
    expect(frames).toEqual([]);
  });

  test('a listener that throws does not keep the others from hearing', () => {
    const { fake, client, frames } = open();
    vi.stubGlobal('queueMicrotask', vi.fn());
    client.on('frame', () => {
      throw new Error('mine');
    });
    const after = vi.fn();
    client.on('frame', after);
    fake.socket.frame(said);
    expect(after).toHaveBeenCalledOnce();
    expect(frames).toHaveLength(1);
    vi.unstubAllGlobals();
  });
});
