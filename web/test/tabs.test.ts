import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Kept } from '../src/lib/client/client';
import { CommandError, ConnectionLost } from '../src/lib/client/errors';
import { Remote } from '../src/lib/client/remote';
import type { Way } from '../src/lib/client/remote';
import { Tabs } from '../src/lib/client/tabs';
import type { Line } from '../src/lib/client/tabs';
import { ana, ben, fakeClient } from './fake';

/** Both ends of a line without a thread between: what is said at one is heard at the other, as a copy. */
function line(): [Line, Way] {
  const here: Line & Way = { onmessage: null, postMessage: () => undefined };
  const there: Line & Way = { onmessage: null, postMessage: () => undefined };
  here.postMessage = (data) => there.onmessage?.({ data: structuredClone(data) } as MessageEvent);
  there.postMessage = (data) => here.onmessage?.({ data: structuredClone(data) } as MessageEvent);
  return [here, there];
}

/** A thread, its client, and what opens tabs of it. */
function thread() {
  const fake = fakeClient();
  const close = vi.fn();
  const tabs = new Tabs(fake.client, close);
  const open = async (rooms: number[] = [], kept: Kept | null = null) => {
    const told: string[] = [];
    let die: () => void = () => undefined;
    const remote = new Remote(() => {
      const [here, there] = line();
      tabs.attach(here, new Promise<void>((gone) => (die = gone)));
      return Promise.resolve(there);
    });
    remote.on('frame', (frame) => {
      told.push(
        frame.type === 'message' ? frame.text : 'room' in frame ? `${frame.type} ${frame.room}` : frame.type,
      );
    });
    remote.on('gap', ({ room, why }) => told.push(`gap ${room} ${why}`));
    remote.on('outbox', ({ drafts }) => told.push(`outbox ${drafts.map(({ stage }) => stage).join()}`));
    remote.on('refused', ({ error }) => told.push(`refused ${error.code}`));
    remote.on('connection', ({ phase }) => told.push(phase));
    if (kept) remote.restore(kept);
    for (const room of rooms) remote.join(room);
    remote.start();
    await vi.advanceTimersByTimeAsync(0);
    /** What was told since, once what may wait a little has come. */
    const heard = async (): Promise<string[]> => {
      await vi.advanceTimersByTimeAsync(8);
      return told.splice(0);
    };
    return { remote, heard, die: () => die() };
  };
  return { fake, close, tabs, open };
}

let seq = 10;
const message = (text: string, user = ben) => ({
  type: 'message',
  room: 1,
  seq: ++seq,
  at: Date.now(),
  user,
  text,
  nonce: text,
});

beforeEach(() => {
  vi.useFakeTimers();
  seq = 10;
});
afterEach(() => {
  vi.useRealTimers();
});

/** A first tab in room 1, and another one that came later. */
async function two() {
  const made = thread();
  const first = await made.open([1]);
  made.fake.socket.hello();
  made.fake.socket.admit(1, { seq: 10 });
  made.fake.socket.frame(message('before'));
  const second = await made.open([1]);
  const answer = made.fake.socket.last('occupants');
  made.fake.socket.frame({
    type: 'occupants',
    ref: answer.ref,
    room: 1,
    occupants: [ana, ben],
    count: 2,
    more: false,
  });
  await vi.advanceTimersByTimeAsync(0);
  return { ...made, first, second };
}

describe('two tabs', () => {
  test('share a connection; the second hears from when it came, and of the room what it is now', async () => {
    const { fake, first, second } = await two();
    expect(fake.sockets).toHaveLength(1);
    expect(fake.socket.all('join')).toHaveLength(1);
    expect(await first.heard()).toEqual(['connecting', 'open', 'joined 1', 'before', 'occupants 1']);
    expect(await second.heard()).toEqual(['open', 'joined 1']);
    fake.socket.frame(message('for both'));
    expect([await first.heard(), await second.heard()]).toEqual([['for both'], ['for both']]);
  });

  test('what waits to be sent is shown in both, and said once', async () => {
    const { fake, first, second } = await two();
    await first.heard();
    await second.heard();
    second.remote.post(1, 'once');
    await vi.advanceTimersByTimeAsync(0);
    expect(fake.socket.all('post')).toHaveLength(1);
    expect(await first.heard()).toEqual(['outbox sending']);
    expect(await second.heard()).toEqual(['outbox sending']);
  });

  test('one leaves a room: both are out, and it can be entered again', async () => {
    const { fake, first, second } = await two();
    await first.heard();
    const left = second.remote.leave(1);
    const { ref } = fake.socket.last('leave');
    fake.socket.frame({ type: 'left', ref, room: 1 });
    await left;
    expect(await first.heard()).toEqual(['left 1']);
    fake.socket.frame(message('to others'));
    expect(await first.heard()).toEqual([]);
    first.remote.join(1);
    await vi.advanceTimersByTimeAsync(0);
    fake.socket.admit(1, { seq: 20 });
    expect(await first.heard()).toEqual(['joined 1']);
  });

  test('somebody is there while somebody is at one of them, and undisturbed who said so in one', async () => {
    const { fake, first, second } = await two();
    const status = (): unknown => fake.socket.sent.findLast(({ type }) => type === 'status')?.status;
    const settle = (): void => {
      const { ref } = fake.socket.last('status');
      fake.socket.frame({ type: 'ok', ref });
    };
    first.remote.setStatus('away');
    await vi.advanceTimersByTimeAsync(0);
    expect(status()).toBeUndefined();
    second.remote.setStatus('away');
    await vi.advanceTimersByTimeAsync(0);
    expect(status()).toBe('away');
    settle();
    first.remote.setStatus('dnd');
    await vi.advanceTimersByTimeAsync(0);
    expect(status()).toBe('dnd');
    settle();
    first.die();
    await vi.advanceTimersByTimeAsync(0);
    expect(status()).toBe('away');
  });

  test('one logs out: the other goes on; the last one ends the session', async () => {
    const { fake, first, second } = await two();
    first.remote.stop();
    expect(fake.socket.closed).toBe(false);
    await second.heard();
    fake.socket.frame(message('still'));
    expect(await second.heard()).toEqual(['still']);
    expect(await first.heard()).not.toContain('still');
    second.remote.stop();
    expect([fake.socket.closed, fake.socket.code]).toEqual([true, 1000]);
  });

  test('errors arrive as what they are', async () => {
    const { fake, first } = await two();
    const asked = first.remote.occupants(1, 'x');
    const { ref } = fake.socket.last('occupants');
    fake.socket.frame({ type: 'error', ref, code: 'busy', message: 'Later.', retry_ms: 5 });
    await expect(asked).rejects.toEqual(new CommandError('busy', 'Later.', '', 5));
    const lost = first.remote.occupants(1, 'y');
    fake.socket.drop(1006);
    await expect(lost).rejects.toBeInstanceOf(ConnectionLost);
  });

  test('a tab that comes while the connection is away hears nothing that was missed before it came', async () => {
    const { fake, open, first } = await two();
    fake.socket.drop(4000);
    const third = await open([1]);
    first.remote.retryNow();
    await vi.advanceTimersByTimeAsync(0);
    fake.socket.hello({ resume: 't2' });
    const { ref } = fake.socket.last('resume');
    await first.heard();
    await third.heard();
    fake.socket.frame({ type: 'resumed', ref, rooms: [1] });
    const info = { id: 1, name: 'kitchen', title: 'kitchen', topic: '', access: 'public', owner: 1 };
    fake.socket.frame({ type: 'returned', room: 1, info, seq: 13, lost: 1, occupants: [ana, ben], count: 2 });
    fake.socket.frame({ ...message('missed'), seq: 13 });
    fake.socket.frame({ ...message('new'), seq: 14 });
    expect(await first.heard()).toEqual(['resumed', 'returned 1', 'gap 1 lost', 'missed', 'new']);
    expect(await third.heard()).toEqual(['resumed', 'joined 1', 'new']);
  });

  test('hear what is said behind a restart, although its numbers are lower', async () => {
    const { fake, first, second } = await two();
    fake.socket.drop(1006);
    first.remote.retryNow();
    await vi.advanceTimersByTimeAsync(0);
    fake.socket.hello({ epoch: 'another', resume: 't2' });
    fake.socket.admit(1, { seq: 0 });
    await first.heard();
    await second.heard();
    fake.socket.frame({ ...message('hello again'), seq: 1 });
    expect([await first.heard(), await second.heard()]).toEqual([['hello again'], ['hello again']]);
  });
});

describe('a page that is loaded anew', () => {
  test('and is the only one ends the thread, and takes with it what brings the session back', async () => {
    const { fake, close, open } = thread();
    const { remote } = await open([1]);
    fake.socket.hello({ resume: 't1' });
    fake.socket.admit(1, { seq: 10 });
    await vi.advanceTimersByTimeAsync(50);
    const kept = remote.keep();
    expect(kept).toMatchObject({ tokens: ['t1'], rooms: [1], seen: [{ room: 1, seq: 10 }], at: Date.now() });
    expect(close).toHaveBeenCalledOnce();

    const other = thread();
    const again = await other.open([1], kept);
    other.fake.socket.hello({ resume: 't2' });
    expect(other.fake.socket.last('resume')).toMatchObject({ token: 't1', seen: [{ room: 1, seq: 10 }] });
    const { ref } = other.fake.socket.last('resume');
    other.fake.socket.frame({ type: 'resumed', ref, rooms: [1] });
    const info = { id: 1, name: 'kitchen', title: 'kitchen', topic: '', access: 'public', owner: 1 };
    other.fake.socket.frame({ type: 'returned', room: 1, info, seq: 11, lost: 0, occupants: [], count: 2 });
    other.fake.socket.frame(message('meanwhile'));
    expect(await again.heard()).toEqual(['connecting', 'open', 'resumed', 'returned 1', 'meanwhile']);
  });

  test('beside another one leaves the thread as it is, and what it kept is not used', async () => {
    const { fake, close, open, first } = await two();
    await vi.advanceTimersByTimeAsync(50);
    const kept = first.remote.keep();
    expect(close).not.toHaveBeenCalled();
    first.die();
    await vi.advanceTimersByTimeAsync(0);
    const again = await open([1], kept);
    expect(fake.sockets).toHaveLength(1);
    expect(await again.heard()).toEqual(['open']);
  });
});

describe('a thread that dies', () => {
  const gathering = 250;

  /** Tabs whose thread can be ended under them, and what they are told. */
  function mortal() {
    let now = thread();
    let end: () => void = () => undefined;
    let over = new Promise<void>((gone) => (end = gone));
    /** A tab that finds its second thread not before `late`. */
    const tab = async (late?: Promise<void>) => {
      const told: string[] = [];
      let first = true;
      const remote = new Remote(async () => {
        if (!first) await late;
        first = false;
        const [here, there] = line();
        now.tabs.attach(here);
        void over.then(() => (here.postMessage = there.postMessage = () => undefined));
        return Object.assign(there, { gone: over });
      });
      remote.on('connection', ({ phase }) => told.push(phase));
      remote.on('frame', (frame) => frame.type === 'message' && told.push(frame.text));
      remote.on('gap', ({ lost, why }) => told.push(`gap ${lost} ${why}`));
      remote.on('outbox', ({ drafts }) => told.push(`outbox ${drafts.map(({ stage }) => stage).join()}`));
      remote.join(1);
      remote.start();
      await vi.advanceTimersByTimeAsync(0);
      const heard = async (): Promise<string[]> => {
        await vi.advanceTimersByTimeAsync(8);
        return told.splice(0);
      };
      return { remote, heard };
    };
    return {
      tab,
      socket: () => now.fake.socket,
      sockets: () => now.fake.sockets,
      die: () => {
        now = thread();
        const kill = end;
        over = new Promise<void>((gone) => (end = gone));
        kill();
      },
    };
  }

  const info = { id: 1, name: 'kitchen', title: 'kitchen', topic: '', access: 'public', owner: 1 };
  const back = (seq: number) => ({
    type: 'returned',
    room: 1,
    info,
    seq,
    lost: 0,
    occupants: [ana, ben],
    count: 2,
  });

  /** Two tabs that heard a message in room 1, the second one since the first was in. */
  async function both(late?: Promise<void>) {
    const made = mortal();
    const first = await made.tab();
    made.socket().hello({ resume: 't1' });
    made.socket().admit(1, { seq: 10 });
    const second = await made.tab(late);
    const { ref } = made.socket().last('occupants');
    made.socket().frame({ type: 'occupants', ref, room: 1, occupants: [ana, ben], count: 2, more: false });
    await vi.advanceTimersByTimeAsync(30);
    made.socket().frame(message('before'));
    await first.heard();
    await second.heard();
    return { ...made, first, second };
  }

  test('is followed by another one: what was missed comes in all tabs, and nothing twice', async () => {
    const { first, second, die, socket, sockets } = await both();
    die();
    await vi.advanceTimersByTimeAsync(0);
    expect(sockets()).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(gathering);
    expect(sockets()).toHaveLength(1);
    socket().hello({ resume: 't2' });
    // Also what was heard in the last moment, of which the thread had not told how far that was.
    expect(socket().last('resume')).toMatchObject({ token: 't1', seen: [{ room: 1, seq: 11 }] });
    const { ref } = socket().last('resume');
    socket().frame({ type: 'resumed', ref, rooms: [1] });
    socket().frame(back(12));
    socket().frame(message('missed'));
    socket().frame(message('new'));
    const all = ['connecting', 'connecting', 'open', 'missed', 'new'];
    expect(await first.heard()).toEqual(all);
    expect(await second.heard()).toEqual(all);
  });

  test('loses nothing that was to be said, and says it once', async () => {
    const { first, die, socket } = await both();
    first.remote.post(1, 'on its way');
    await first.heard();
    const { nonce } = socket().last('post');
    die();
    first.remote.post(1, 'into nothing');
    await vi.advanceTimersByTimeAsync(gathering);
    socket().hello({ resume: 't2' });
    const { ref } = socket().last('resume');
    socket().frame({ type: 'resumed', ref, rooms: [1] });
    socket().frame(back(11));
    expect(socket().all('post')).toMatchObject([{ text: 'on its way', nonce }]);
    socket().frame({ ...message('on its way', ana), nonce });
    expect(socket().all('post')).toMatchObject([{ text: 'on its way' }, { text: 'into nothing' }]);
  });

  test('tells a tab that is back later than others how much it missed', async () => {
    let wake: () => void = () => undefined;
    const { first, second, die, socket } = await both(new Promise((done) => (wake = done)));
    die();
    await vi.advanceTimersByTimeAsync(gathering);
    socket().hello({ resume: 't2' });
    const resume = socket().last('resume');
    socket().frame({ type: 'resumed', ref: resume.ref, rooms: [1] });
    socket().frame(back(13));
    socket().frame(message('missed'));
    socket().frame(message('missed, too'));
    expect(await first.heard()).toEqual(['connecting', 'connecting', 'open', 'missed', 'missed, too']);
    wake();
    await vi.advanceTimersByTimeAsync(0);
    const { ref } = socket().last('occupants');
    socket().frame({ type: 'occupants', ref, room: 1, occupants: [ana, ben], count: 2, more: false });
    await vi.advanceTimersByTimeAsync(0);
    socket().frame(message('new'));
    expect(await second.heard()).toEqual(['connecting', 'open', 'gap 2 lost', 'new']);
  });

  test('is looked for again where its script cannot be had', async () => {
    const made = thread();
    const open = vi.fn(() => {
      const [here, there] = line();
      made.tabs.attach(here);
      return Promise.resolve<Way>(there);
    });
    open.mockRejectedValueOnce(new Error('There is no network.'));
    const remote = new Remote(open);
    const told: string[] = [];
    remote.on('connection', ({ phase }) => told.push(phase));
    remote.join(1);
    remote.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['waiting']);
    await vi.advanceTimersByTimeAsync(5000);
    made.fake.socket.hello();
    expect(made.fake.socket.last('join')).toMatchObject({ room: 1 });
    expect(told).toEqual(['waiting', 'connecting', 'open']);
    expect(open).toHaveBeenCalledTimes(2);
  });

  test('answers nothing: whoever waits learns that the connection was lost', async () => {
    const { first, die } = await both();
    const asked = first.remote.occupants(1, 'x');
    die();
    await expect(asked).rejects.toBeInstanceOf(ConnectionLost);
  });
});
