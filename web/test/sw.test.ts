import { beforeEach, describe, expect, test, vi } from 'vitest';

const origin = 'https://earshot.test';
type Listener = (event: object) => void;

let listeners: Record<string, Listener>;
let stored: Map<string, Map<string, string>>;
/** The server, by path; a path that is missing has no network on its way. */
let served: Record<string, string>;
let asked: string[];

const pathOf = (what: Request | string): string =>
  new URL(typeof what === 'string' ? what : what.url, origin).pathname;

function network(what: Request | string): Promise<Response> {
  const path = pathOf(what);
  asked.push(path);
  const body = served[path];
  return body === undefined
    ? Promise.reject(new TypeError('no network'))
    : Promise.resolve(new Response(body));
}

/** Runs the worker anew, as the build of this name. */
async function run(version: string, files = ['/', '/assets/index-1.js', '/theme.js']): Promise<void> {
  listeners = {};
  vi.stubGlobal('SHELL', { version, files });
  vi.stubGlobal('location', new URL('/sw.js', origin));
  vi.stubGlobal('skipWaiting', () => Promise.resolve());
  vi.stubGlobal('clients', { claim: () => Promise.resolve() });
  vi.stubGlobal('fetch', network);
  vi.stubGlobal(
    'Request',
    class {
      readonly url: string;
      constructor(path: string) {
        this.url = new URL(path, origin).href;
      }
    },
  );
  vi.stubGlobal('addEventListener', (name: string, listener: Listener) => {
    listeners[name] = listener;
  });
  vi.stubGlobal('caches', {
    keys: () => Promise.resolve([...stored.keys()]),
    delete: (name: string) => Promise.resolve(stored.delete(name)),
    open: (name: string) => {
      const cache = stored.get(name) ?? new Map<string, string>();
      stored.set(name, cache);
      return Promise.resolve({
        addAll: async (all: Request[]) => {
          for (const one of all) cache.set(pathOf(one), await (await network(one)).text());
        },
        match: (what: Request | string) => {
          const body = cache.get(pathOf(what));
          return Promise.resolve(body === undefined ? undefined : new Response(body));
        },
      });
    },
  });
  vi.resetModules();
  await import.meta.glob('../worker/sw.ts')['../worker/sw.ts']?.();
  for (const name of ['install', 'activate']) {
    let done: Promise<unknown> = Promise.resolve();
    listeners[name]?.({ waitUntil: (what: Promise<unknown>) => (done = what) });
    await done;
  }
  asked = [];
}

/** What the worker answers; undefined where it leaves it to the browser. */
async function get(path: string, { mode = 'no-cors', method = 'GET' } = {}): Promise<string | undefined> {
  let answer: Promise<Response> | undefined;
  listeners.fetch?.({
    request: { url: new URL(path, origin).href, mode, method },
    respondWith: (what: Promise<Response>) => (answer = what),
  });
  return (await answer)?.text();
}

beforeEach(async () => {
  stored = new Map();
  asked = [];
  served = {
    '/': 'page one',
    '/assets/index-1.js': 'script one',
    '/theme.js': 'look one',
    '/rooms/a': 'page one',
  };
  await run('one');
});

describe('the worker', () => {
  test('keeps what the page opens with, and nothing else', () => {
    expect([...stored]).toEqual([
      [
        'earshot-one',
        new Map([
          ['/', 'page one'],
          ['/assets/index-1.js', 'script one'],
          ['/theme.js', 'look one'],
        ]),
      ],
    ]);
  });

  test.each([
    '/api/v1/rooms',
    '/api/v1/me',
    '/events',
    '/ws',
    '/healthz',
    '/assets/later-2.js',
    'https://other.test/',
  ])('has nothing to do with %s', async (path) => {
    expect(await get(path)).toBeUndefined();
    expect(await get(path, { method: 'POST' })).toBeUndefined();
    expect(asked).toEqual([]);
  });

  test('opens every page without a network', async () => {
    served = {};
    for (const path of ['/', '/rooms/a', '/settings'])
      expect(await get(path, { mode: 'navigate' })).toBe('page one');
    expect(await get('/assets/index-1.js')).toBe('script one');
    expect(await get('/theme.js')).toBe('look one');
  });

  test('asks the server for a page whenever there is a network, also after an upgrade', async () => {
    served = {
      '/': 'page two',
      '/rooms/a': 'page two',
      '/theme.js': 'look two',
      '/assets/index-2.js': 'script two',
    };
    expect(await get('/rooms/a', { mode: 'navigate' })).toBe('page two');
    expect(await get('/theme.js')).toBe('look two');
    expect(await get('/assets/index-2.js')).toBeUndefined();
    // The old page, that is still open, has its script.
    expect(await get('/assets/index-1.js')).toBe('script one');
  });

  test('of the next build throws away what the one before kept, and nothing of others', async () => {
    stored.set('other', new Map());
    served = { '/': 'page two', '/assets/index-2.js': 'script two', '/theme.js': 'look two' };
    await run('two', ['/', '/assets/index-2.js', '/theme.js']);
    expect([...stored.keys()]).toEqual(['other', 'earshot-two']);
    served = {};
    expect(await get('/rooms/a', { mode: 'navigate' })).toBe('page two');
  });

  test('gives what the browser has cleared from the server', async () => {
    stored.clear();
    expect(await get('/assets/index-1.js')).toBe('script one');
    served = {};
    await expect(get('/rooms/a', { mode: 'navigate' })).rejects.toThrow('no network');
  });
});
