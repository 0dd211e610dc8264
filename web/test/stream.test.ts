import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Client } from '../src/lib/client/client';
import type { Check, Socket } from '../src/lib/client/link';
import { EventStream } from '../src/lib/client/stream';
import { FakeSocket, hello } from './fake';
import { eventually } from './patience';

describe('the way around', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A client whose sockets and streams the test speaks for; `way` says which the newest is. */
  function open(check: () => Promise<Check> = () => Promise.resolve('ok')) {
    const ways: string[] = [];
    let newest: FakeSocket | undefined;
    const make = (way: string) => (): Socket => {
      ways.push(way);
      newest = new FakeSocket(way, '');
      return newest;
    };
    const detour = vi.fn(() => Promise.resolve(make('stream')));
    const client = new Client({
      url: 'ws://x/ws',
      check,
      random: () => 0.5,
      connect: make('socket'),
      detour,
    });
    client.start();
    const socket = (): FakeSocket => {
      if (!newest) throw new Error('there is none');
      return newest;
    };
    /** The newest one ends, and the next one is waited for. */
    const drop = async (code: number): Promise<void> => {
      const before = newest;
      socket().drop(code);
      while (newest === before) await vi.advanceTimersByTimeAsync(1000);
    };
    return { client, ways, detour, socket, drop };
  }

  test('is taken when two sockets do not open although the server answers', async () => {
    const { ways, detour, socket, drop } = open();
    await drop(1006);
    expect(detour).not.toHaveBeenCalled();
    await drop(1006);
    expect(ways).toEqual(['socket', 'socket', 'stream']);
    socket().hello();
    await drop(4000);
    expect(ways.at(-1)).toBe('stream');
  });

  test('is taken after one socket of which nothing was heard', async () => {
    const { ways } = open();
    await vi.advanceTimersByTimeAsync(12_000);
    expect(ways).toEqual(['socket', 'stream']);
  });

  test('is not taken where the server does not answer, or closes the socket itself', async () => {
    const gone = open(() => Promise.resolve('unreachable'));
    for (let tries = 0; tries < 5; tries++) await gone.drop(1006);
    const full = open();
    for (let tries = 0; tries < 5; tries++) await full.drop(4100);
    expect(new Set([...gone.ways, ...full.ways])).toEqual(new Set(['socket']));
  });

  test('is not taken where sockets open and are cut', async () => {
    const { ways, socket, drop } = open();
    for (let tries = 0; tries < 5; tries++) {
      socket().hello();
      await drop(1006);
    }
    expect(new Set(ways)).toEqual(new Set(['socket']));
  });

  test('is taken in turns with the socket if it leads nowhere', async () => {
    const { ways, drop } = open();
    for (let tries = 0; tries < 6; tries++) await drop(1006);
    expect(ways).toEqual(['socket', 'socket', 'stream', 'socket', 'stream', 'socket', 'stream']);
  });

  test('is left again: after half an hour a new connection is tried as a socket', async () => {
    const { ways, socket, drop } = open();
    await drop(1006);
    await drop(1006);
    socket().hello({ ping_ms: 1e9 });
    await vi.advanceTimersByTimeAsync(30 * 60_000);
    await drop(1001);
    expect(ways.slice(3)).toEqual(['socket']);
    await drop(1006);
    expect(ways.slice(3)).toEqual(['socket', 'stream']);
    socket().hello({ ping_ms: 1e9 });
    await vi.advanceTimersByTimeAsync(30 * 60_000);
    await drop(1001);
    socket().hello();
    await drop(1006);
    expect(ways.slice(5)).toEqual(['socket', 'socket']);
  });

  test('that cannot be loaded is a try that failed', async () => {
    const { client, detour, drop, ways } = open();
    detour.mockImplementation(() => Promise.reject(new Error('gone')));
    await drop(1006);
    await drop(1006);
    expect(ways).toEqual(['socket', 'socket', 'socket']);
    expect(detour).toHaveBeenCalled();
    expect(client.connection.phase).toBe('connecting');
  });

  test('is not taken after the client was stopped while it was loaded', async () => {
    const { client, ways, socket, drop } = open();
    await drop(1006);
    socket().drop(1006);
    await vi.advanceTimersByTimeAsync(0);
    client.retryNow();
    client.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ways).toEqual(['socket', 'socket']);
  });
});

describe('the stream', () => {
  afterEach(() => void vi.unstubAllGlobals());

  /** A server whose stream the test writes, and which keeps what was asked. */
  function server() {
    let out: ReadableStreamDefaultController<Uint8Array> | undefined;
    const asked: { method: string; session: string; body: string }[] = [];
    const answers: (() => Promise<Response>)[] = [];
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        out = controller;
      },
    });
    let first: () => Response = () => new Response(body);
    vi.stubGlobal('fetch', (_url: string, init: RequestInit) => {
      const headers = new Headers(init.headers);
      if (init.method === undefined) {
        expect(headers.get('earshot-protocol')).toBe('earshot.v1');
        return Promise.resolve(first());
      }
      const said = typeof init.body === 'string' ? init.body : '';
      asked.push({ method: init.method, session: headers.get('earshot-session') ?? '', body: said });
      return (answers.shift() ?? (() => Promise.resolve(new Response(null, { status: 204 }))))();
    });
    const write = (text: string): void => out?.enqueue(new TextEncoder().encode(text));
    const heard: string[] = [];
    const codes: number[] = [];
    const listen = (): EventStream => {
      const stream = new EventStream('/events');
      stream.onmessage = ({ data }) => heard.push(String(data));
      stream.onclose = ({ code }) => codes.push(code);
      return stream;
    };
    return {
      asked,
      answers,
      heard,
      codes,
      listen,
      write,
      greet: (): void => {
        write(`retry: 1000\ndata: ${JSON.stringify(hello({ session: 's1' }))}\n\n`);
      },
      end: (): void => {
        out?.close();
      },
      refuse: (status: number): void => {
        first = () => new Response('', { status });
      },
    };
  }

  test('gives every frame once, however it is cut', async () => {
    const { write, greet, heard, listen, end, codes } = server();
    listen();
    greet();
    write('id: t.1:2\nda');
    write('ta: {"type":"message","text":"h\u00e9llo"}\n');
    write('\n: comment\n\ndata: {"a":1}\n\ndata: {"b":2}\n\n');
    await eventually(() => {
      expect(heard.slice(1)).toEqual(['{"type":"message","text":"h\u00e9llo"}', '{"a":1}', '{"b":2}']);
    });
    end();
    await eventually(() => {
      expect(codes).toEqual([1006]);
    });
  });

  test('sends what waits together, after the request before, under the secret of hello', async () => {
    const { greet, asked, answers, listen } = server();
    let go: ((answer: Response) => void) | undefined;
    answers.push(() => new Promise((done) => (go = done)));
    const stream = listen();
    stream.send('one');
    expect(asked).toEqual([]);
    greet();
    await eventually(() => {
      expect(asked).toEqual([]);
      stream.send('two');
      expect(asked).toHaveLength(1);
    });
    const long = 'x'.repeat(8000);
    for (const command of ['three', long, long]) stream.send(command);
    go?.(new Response(null, { status: 204 }));
    await eventually(() => {
      expect(asked.at(-1)?.body).toBe(long);
    });
    const all = asked.map(({ body }) => body).join('\n');
    expect(all.replaceAll(/two\n/g, '')).toBe(`one\nthree\n${long}\n${long}`);
    expect(new Set(asked.map(({ session }) => session))).toEqual(new Set(['s1']));
  });

  test.each([404, 503, 0])('ends when a request is answered with %i', async (status) => {
    const { greet, answers, heard, codes, listen } = server();
    answers.push(() =>
      status === 0 ? Promise.reject(new TypeError()) : Promise.resolve(new Response('', { status })),
    );
    const stream = listen();
    greet();
    await eventually(() => {
      expect(heard).toHaveLength(1);
    });
    stream.send('one');
    await eventually(() => {
      expect(codes).toEqual([1006]);
    });
  });

  test('ends with the code that the server says', async () => {
    const { greet, write, heard, codes, listen } = server();
    listen();
    greet();
    write('data: {"type":"end","code":4500,"reason":"the log-in has ended"}\n\ndata: {"late":1}\n\n');
    await eventually(() => {
      expect(codes).toEqual([4500]);
    });
    expect(heard).toHaveLength(1);
  });

  test.each([
    [401, 1006],
    [409, 4100],
    [429, 4100],
    [500, 1006],
  ])('that is refused with %i ends with %i', async (status, code) => {
    const { refuse, codes, listen } = server();
    refuse(status);
    listen();
    await eventually(() => {
      expect(codes).toEqual([code]);
    });
  });

  test('answers pings', async () => {
    const { greet, write, asked, listen } = server();
    listen();
    greet();
    write('data: {"type":"ping"}\n\n');
    await eventually(() => {
      expect(asked.map(({ body }) => body)).toEqual(['{"type":"ping","ref":9007199254740991}']);
    });
  });

  test('ends the session when it is closed with 1000, and only then', async () => {
    for (const code of [undefined, 1000]) {
      const { greet, heard, asked, codes, listen, write } = server();
      const stream = listen();
      greet();
      await eventually(() => {
        expect(heard).toHaveLength(1);
      });
      stream.close(code);
      write('data: {"late":1}\n\n');
      stream.send('late');
      expect(asked.map(({ method }) => method)).toEqual(code === 1000 ? ['DELETE'] : []);
      await eventually(() => {
        expect(codes).toEqual([1006]);
      });
      expect(heard).toHaveLength(1);
    }
  });
});
