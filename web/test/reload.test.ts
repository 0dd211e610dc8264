import { cleanup, render, waitFor } from '@testing-library/svelte';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import App from '../src/App.svelte';
import type { Kept } from '../src/lib/client/client';
import { keepSession, takeSession } from '../src/lib/remember';
import { FakeSocket, server } from './fake';

const kept = (more: Partial<Kept> = {}): Kept => ({
  tokens: ['t1'],
  epoch: 'e1',
  user: 1,
  at: Date.now(),
  resumeMs: 60_000,
  seen: [{ room: 1, seq: 5 }],
  rooms: [1],
  status: 'active',
  ...more,
});

// What the page loads for want of shared threads: on a busy machine its first time takes longer than is waited for.
beforeAll(async () => {
  await import('../src/lib/client/alone');
});

beforeEach(() => {
  sessionStorage.clear();
  localStorage.clear();
});

describe('what one page leaves to the next', () => {
  test('is taken once, so that a duplicated tab finds nothing', () => {
    const left = kept();
    keepSession(left);
    expect(takeSession()).toEqual(left);
    expect(sessionStorage.length).toBe(0);
    expect(takeSession()).toBeNull();
    expect(localStorage.length).toBe(0);
  });

  test.each([
    ['too old', () => kept({ at: Date.now() - 60_000 })],
    ['from the future', () => kept({ at: Date.now() + 5000 })],
    ['without tokens', () => ({ ...kept(), tokens: undefined })],
    ['tokens that are none', () => ({ ...kept(), tokens: [1] })],
    ['tokens that are no list', () => ({ ...kept(), tokens: 't1' })],
    ['rooms that are no list', () => ({ ...kept(), rooms: '' })],
    ['a room that is none', () => ({ ...kept(), seen: [{ room: '1', seq: 5 }] })],
    ['a number below nothing', () => ({ ...kept(), seen: [{ room: 1, seq: -1 }] })],
    ['rooms that are none', () => ({ ...kept(), rooms: 'all' })],
    ['a status that is none', () => ({ ...kept(), status: 'asleep' })],
    ['a list', () => []],
    ['nothing', () => null],
  ])('is thrown away: %s', (_, left) => {
    sessionStorage.setItem('earshot.session', JSON.stringify(left()));
    expect(takeSession()).toBeNull();
    expect(sessionStorage.length).toBe(0);
  });

  test('that is no JSON is thrown away, too', () => {
    sessionStorage.setItem('earshot.session', '{"tokens":');
    expect(takeSession()).toBeNull();
    expect(sessionStorage.length).toBe(0);
  });

  test('where storage is switched off there is nothing', () => {
    vi.stubGlobal('sessionStorage', undefined);
    keepSession(kept());
    expect(takeSession()).toBeNull();
    vi.unstubAllGlobals();
  });
});

describe('the page', () => {
  let sockets: FakeSocket[] = [];
  let me: { id: number; username: string; permissions: string[] } | null;

  beforeEach(() => {
    sockets = [];
    me = { id: 1, username: 'ana', permissions: [] };
    vi.stubGlobal(
      'fetch',
      vi.fn((url: string) => {
        if (url.endsWith('/server')) return Promise.resolve(Response.json({ ...server, me }));
        if (url.endsWith('/rooms')) return Promise.resolve(Response.json({ rooms: [] }));
        return Promise.resolve(me ? Response.json(me) : new Response(null, { status: 401 }));
      }),
    );
    vi.stubGlobal(
      'WebSocket',
      class extends FakeSocket {
        constructor(url: string, protocol: string) {
          super(url, protocol);
          sockets.push(this);
        }
      },
    );
  });

  afterEach(() => {
    cleanup();
    vi.unstubAllGlobals();
  });

  const go = (type: 'pagehide' | 'pageshow', persisted: boolean): void => {
    dispatchEvent(Object.assign(new Event(type), { persisted }));
  };
  const socket = (at: number): Promise<FakeSocket> =>
    waitFor(() => {
      const found = sockets[at];
      if (!found) throw new Error('not yet');
      return found;
    });
  const stored = (): Kept => JSON.parse(sessionStorage.getItem('earshot.session') ?? 'null') as Kept;

  test('keeps nothing while it lives, and leaves its session when it goes', async () => {
    render(App);
    const first = await socket(0);
    first.hello();
    expect(sessionStorage.length).toBe(0);
    // The client may be in a thread of its own; what it leaves is told a moment later.
    await waitFor(() => {
      go('pagehide', false);
      expect(stored()).toMatchObject({ tokens: ['t1'], user: 1, seen: [] });
    });
    // The server is told nothing: the browser closes with a code that keeps the session.
    expect(first.closed).toBe(false);
  });

  test('takes the session of the page before, and goes on', async () => {
    keepSession(kept());
    render(App);
    expect(sessionStorage.length).toBe(0);
    const first = await socket(0);
    first.hello({ resume: 't2' });
    expect(first.last('resume')).toMatchObject({ token: 't1', seen: [{ room: 1, seq: 5 }] });
  });

  test("leaves another's session alone", async () => {
    keepSession(kept({ user: 7 }));
    render(App);
    const first = await socket(0);
    first.hello({ resume: 't2' });
    expect(first.sent).toEqual([]);
    expect(sessionStorage.length).toBe(0);
  });

  test('that is left before it knows who is there leaves what it found', async () => {
    const left = kept();
    keepSession(left);
    me = null;
    render(App);
    await waitFor(() => {
      expect(document.querySelector('form')).not.toBeNull();
    });
    go('pagehide', false);
    expect(stored()).toEqual(left);
  });

  test('that comes back as it was connects anew and keeps nothing', async () => {
    render(App);
    const first = await socket(0);
    first.hello();
    await waitFor(() => {
      go('pagehide', true);
      expect(sessionStorage.length).toBe(1);
    });
    go('pageshow', true);
    expect(sessionStorage.length).toBe(0);
    await socket(1);
    expect(first.closed).toBe(true);
    go('pageshow', false);
    expect(sockets).toHaveLength(2);
  });
});
