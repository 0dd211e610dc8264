import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { longestWait } from '../src/lib/client/outbox';
import type { Draft } from '../src/lib/client/outbox';
import type { Hello } from '../src/lib/wire.gen';
import { ana, ben, fakeClient } from './fake';
import type { FakeSocket } from './fake';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A client in room 1, whose outbox is written down. */
function inside() {
  const fake = fakeClient();
  const { client } = fake;
  let drafts: readonly Draft[] = [];
  const said: string[] = [];
  client.on('outbox', (outbox) => {
    ({ drafts } = outbox);
    said.push(...outbox.said.map(({ text, heard }) => `${text} (${heard})`));
  });
  client.start();
  fake.socket.hello();
  client.join(1);
  fake.socket.admit(1, { seq: 10 });
  const stages = (): string[] => drafts.map(({ text, stage }) => `${text}: ${stage}`);
  const sent = (): (string | undefined)[] => fake.socket.all('post').map(({ text }) => text);
  const nonce = (text: string): string => drafts.find((draft) => draft.text === text)?.nonce ?? '';
  const back = (hello: Partial<Hello> = { resume: 't2' }): FakeSocket => {
    client.retryNow();
    fake.socket.hello(hello);
    return fake.socket;
  };
  /** Keeps the connection alive meanwhile. */
  const wait = async (ms: number): Promise<void> => {
    for (let rest = ms; rest > 0; rest -= 10_000) {
      await vi.advanceTimersByTimeAsync(Math.min(rest, 10_000));
      fake.socket.frame({ type: 'ping' });
    }
  };
  return { fake, client, said, stages, sent, nonce, back, wait, draft: () => drafts[0] };
}

describe('a message', () => {
  test('is sent, acknowledged, heard', () => {
    const { fake, client, stages, draft } = inside();
    client.post(1, 'hello');
    expect(stages()).toEqual(['hello: sending']);
    const { nonce } = fake.socket.last('post');
    expect(nonce).toMatch(/^[0-9a-f]{32}$/);
    fake.socket.posted(11, 3);
    expect(stages()).toEqual(['hello: taken']);
    expect(draft()).toMatchObject({ heard: 3, seq: 11 });
    fake.socket.said(1, 11, 'hello', ana, nonce);
    expect(stages()).toEqual([]);
  });

  test('may be heard before it is acknowledged', () => {
    const { fake, client, stages } = inside();
    client.post(1, 'hello');
    fake.socket.said(1, 11, 'hello', ana, fake.socket.last('post').nonce);
    expect(stages()).toEqual([]);
    fake.socket.posted(11, 3);
    expect(stages()).toEqual([]);
  });

  test("of another's under the same nonce is not one's own", () => {
    const { fake, client, stages } = inside();
    client.post(1, 'hello');
    fake.socket.said(1, 11, 'hello', ben, fake.socket.last('post').nonce);
    expect(stages()).toEqual(['hello: sending']);
  });

  test('waits for the one before it, so that none overtakes', () => {
    const { fake, client, sent, stages } = inside();
    for (const text of ['one', 'two', 'three']) client.post(1, text);
    expect(sent()).toEqual(['one']);
    expect(stages()).toEqual(['one: sending', 'two: waiting', 'three: waiting']);
    fake.socket.posted(11);
    expect(sent()).toEqual(['one', 'two']);
    // An event is as good as an acknowledgement.
    fake.socket.said(1, 11, 'one', ana, fake.socket.all('post')[0]?.nonce);
    fake.socket.said(1, 12, 'two', ana, fake.socket.last('post').nonce);
    expect(sent()).toEqual(['one', 'two', 'three']);
    expect(stages()).toEqual(['three: sending']);
  });

  test('waits for no other room', () => {
    const { fake, client, sent } = inside();
    client.join(2);
    client.post(1, 'one');
    client.post(2, 'two');
    expect(sent()).toEqual(['one']);
    fake.socket.admit(2);
    expect(sent()).toEqual(['one', 'two']);
  });

  test('to a room that one is not in is none', () => {
    const { client, sent, stages } = inside();
    client.post(7, 'lost');
    expect(sent()).toEqual([]);
    expect(stages()).toEqual([]);
  });
});

describe('a refusal', () => {
  test.each(['invalid', 'too_large', 'forbidden', 'internal', 'limit'])(
    '%s fails it, and the next goes out',
    (code) => {
      const { fake, client, sent, stages, draft, nonce } = inside();
      client.post(1, 'one');
      client.post(1, 'two');
      fake.socket.refuse('post', code, { message: 'Why not.' });
      expect(stages()).toEqual(['one: failed', 'two: sending']);
      expect(draft()?.error).toBe('Why not.');
      fake.socket.posted(11);
      const first = nonce('one');
      client.retry(1, first);
      expect(sent()).toEqual(['one', 'two', 'one']);
      expect(fake.socket.last('post').nonce).toBe(first);
      expect(draft()).toMatchObject({ stage: 'sending', error: '' });
    },
  );

  test.each(['rate_limited', 'busy'])('%s is waited for, and the order stays', async (code) => {
    const { fake, client, sent, stages } = inside();
    client.post(1, 'one');
    client.post(1, 'two');
    fake.socket.refuse('post', code, { retry_ms: 3000 });
    expect(stages()).toEqual(['one: waiting', 'two: waiting']);
    client.post(1, 'three');
    await vi.advanceTimersByTimeAsync(2999);
    expect(sent()).toEqual(['one']);
    await vi.advanceTimersByTimeAsync(1);
    fake.socket.posted(11);
    fake.socket.posted(12);
    expect(sent()).toEqual(['one', 'one', 'two', 'three']);
    expect(new Set(fake.socket.all('post').map(({ nonce }) => nonce)).size).toBe(3);
  });

  test('without a time to wait for does not become a storm', async () => {
    const { fake, client, sent } = inside();
    client.post(1, 'one');
    fake.socket.refuse('post', 'busy');
    await vi.advanceTimersByTimeAsync(249);
    expect(sent()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent()).toHaveLength(2);
  });

  test('by a server that stops waits for its return', () => {
    const { fake, client, sent, stages, back } = inside();
    client.post(1, 'one');
    client.post(1, 'two');
    fake.socket.refuse('post', 'stopping');
    expect(stages()).toEqual(['one: waiting', 'two: waiting']);
    expect(sent()).toEqual(['one']);
    fake.socket.drop(1001);
    back({ resume: 't2', epoch: 'e2' }).admit(1);
    expect(sent()).toEqual(['one']);
  });

  test('that one is not in the room enters it anew, with a gap, and sends it again', () => {
    const { fake, client, sent, stages } = inside();
    const gap = vi.fn();
    client.on('gap', gap);
    client.post(1, 'one');
    const { nonce } = fake.socket.last('post');
    fake.socket.refuse('post', 'not_in_room');
    expect(stages()).toEqual(['one: waiting']);
    expect(fake.socket.all('join')).toHaveLength(2);
    fake.socket.admit(1, { seq: 40 });
    expect(sent()).toEqual(['one', 'one']);
    expect(fake.socket.last('post').nonce).toBe(nonce);
    expect(gap).toHaveBeenCalledExactlyOnceWith({ room: 1, lost: 'unknown', why: 'away' });
  });

  test('that one is not in the room, again and again, is believed', () => {
    const { fake, client, stages } = inside();
    client.post(1, 'one');
    for (let i = 0; i < 3; i++) {
      fake.socket.refuse('post', 'not_in_room');
      fake.socket.admit(1, { seq: 40 });
    }
    expect(stages()).toEqual(['one: sending']);
    fake.socket.refuse('post', 'not_in_room', { message: 'You are not in.' });
    expect(stages()).toEqual(['one: failed']);
    expect(fake.socket.all('join')).toHaveLength(4);
  });

  test('of the room itself fails what waits in it', () => {
    const { fake, client, stages, draft } = inside();
    client.post(1, 'one');
    fake.socket.refuse('post', 'not_in_room');
    fake.socket.refuse('join', 'not_found', { message: 'There is no such room.' });
    expect(stages()).toEqual(['one: failed']);
    expect(draft()?.error).toBe('There is no such room.');
  });
});

describe('over a loss', () => {
  test('what was not acknowledged goes out again under its nonce, and what was written meanwhile after it', () => {
    const { fake, client, sent, stages, nonce, back } = inside();
    client.post(1, 'on its way');
    client.post(1, 'behind');
    fake.socket.drop(1006);
    client.post(1, 'offline');
    expect(stages()).toEqual(['on its way: waiting', 'behind: waiting', 'offline: waiting']);
    const nonces = ['on its way', 'behind', 'offline'].map(nonce);
    const socket = back();
    expect(sent()).toEqual([]);
    socket.resumed([1]);
    expect(sent()).toEqual([]);
    socket.returned(1, 10);
    for (let seq = 11; seq <= 13; seq++) socket.posted(seq);
    expect(sent()).toEqual(['on its way', 'behind', 'offline']);
    expect(socket.all('post').map((command) => command.nonce)).toEqual(nonces);
  });

  test('what was heard after all comes with the events, and is not told twice', () => {
    const { fake, client, sent, stages, nonce, back } = inside();
    client.post(1, 'heard');
    const first = nonce('heard');
    fake.socket.drop(1006);
    client.post(1, 'next');
    const socket = back();
    socket.resumed([1]);
    socket.returned(1, 11);
    socket.said(1, 11, 'heard', ana, first);
    expect(stages()).toEqual(['next: sending']);
    // The server answers the doubled post with the first's answer.
    const { ref } = socket.all('post')[0] ?? {};
    socket.frame({ type: 'posted', ref, room: 1, seq: 11, at: 1, nonce: first, heard: 2 });
    expect(stages()).toEqual(['next: sending']);
    socket.posted(12);
    expect(sent()).toEqual(['heard', 'next']);
    expect(stages()).toEqual(['next: taken']);
  });

  test('a refused one while the missed events come fails, and they come', () => {
    const { fake, client, stages, back } = inside();
    const frames = vi.fn();
    fake.socket.drop(1006);
    client.post(1, 'too much');
    const socket = back();
    socket.resumed([1]);
    client.on('frame', ({ type }) => {
      if (type === 'message') frames();
    });
    socket.returned(1, 12);
    socket.said(1, 11);
    socket.refuse('post', 'too_large');
    socket.said(1, 12);
    expect(stages()).toEqual(['too much: failed']);
    expect(frames).toHaveBeenCalledTimes(2);
  });

  test('an acknowledged one waits for its event, and is not sent again', () => {
    const { fake, client, sent, said, stages, back } = inside();
    client.post(1, 'mine');
    fake.socket.posted(11, 2);
    const { nonce } = fake.socket.last('post');
    fake.socket.drop(1006);
    expect(stages()).toEqual(['mine: taken']);
    const socket = back();
    socket.resumed([1]);
    socket.returned(1, 12);
    socket.said(1, 11, 'mine', ana, nonce);
    expect(stages()).toEqual([]);
    expect(sent()).toEqual([]);
    expect(said).toEqual([]);
  });

  test.each([
    ['is among those that the server has no more', 2],
    ['is told in its place although there are later ones', 1],
  ])('one whose event %s was heard all the same', (_, lost) => {
    const { fake, client, said, stages, back } = inside();
    client.post(1, 'mine');
    fake.socket.posted(11, 2);
    fake.socket.drop(1006);
    const socket = back();
    socket.resumed([1]);
    socket.returned(1, 13, { lost });
    expect(said).toEqual(['mine (2)']);
    expect(stages()).toEqual([]);
  });

  test.each([
    ['not resumed', { resume: 't2' }],
    ['another epoch', { resume: 't2', epoch: 'e2' }],
  ])('all of it also if the session is over: %s', (_, hello) => {
    const { fake, client, sent, said, nonce, back } = inside();
    client.post(1, 'taken');
    fake.socket.posted(11, 2);
    client.post(1, 'on its way');
    const first = nonce('on its way');
    fake.socket.drop(1006);
    client.post(1, 'offline');
    const socket = back(hello);
    if (!('epoch' in hello)) socket.refuse('resume', 'not_found');
    socket.admit(1, { seq: 0 });
    expect(said).toEqual(['taken (2)']);
    expect(sent()).toEqual(['on its way']);
    expect(socket.last('post').nonce).toBe(first);
    socket.posted(1);
    expect(sent()).toEqual(['on its way', 'offline']);
  });

  test('a pause that was asked for on one connection does not hold on the next', async () => {
    const { fake, client, sent, back } = inside();
    client.post(1, 'one');
    fake.socket.refuse('post', 'rate_limited', { retry_ms: 20_000 });
    fake.socket.drop(1006);
    const socket = back();
    socket.resumed([1]);
    socket.returned(1, 10);
    expect(sent()).toEqual(['one']);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(sent()).toEqual(['one']);
  });
});

describe('too late', () => {
  test('what could not be sent for five minutes fails, and says so', async () => {
    const { fake, client, sent, stages, draft, nonce, back } = inside();
    client.post(1, 'tried');
    fake.socket.drop(4500);
    client.post(1, 'untried');
    await vi.advanceTimersByTimeAsync(longestWait - 1);
    expect(stages()).toEqual(['tried: waiting', 'untried: waiting']);
    await vi.advanceTimersByTimeAsync(1);
    expect(stages()).toEqual(['tried: failed', 'untried: failed']);
    expect(draft()?.code).toBe('expired_tried');
    const first = nonce('untried');
    client.start();
    back().admit(1);
    expect(sent()).toEqual([]);
    client.retry(1, first);
    expect(sent()).toEqual(['untried']);
    expect(fake.socket.last('post').nonce).toBe(first);
  });

  test('also if the machine slept over it', () => {
    const { fake, client, sent, stages, back } = inside();
    fake.socket.drop(1006);
    client.post(1, 'late');
    // The clock goes on and no timer runs.
    vi.setSystemTime(Date.now() + longestWait + 1);
    back().admit(1);
    expect(stages()).toEqual(['late: failed']);
    expect(sent()).toEqual([]);
  });

  test('a retried one has its own five minutes', async () => {
    const { fake, client, stages, nonce } = inside();
    fake.socket.drop(4500);
    client.post(1, 'one');
    await vi.advanceTimersByTimeAsync(longestWait);
    client.retry(1, nonce('one'));
    expect(stages()).toEqual(['one: waiting']);
    await vi.advanceTimersByTimeAsync(longestWait - 1);
    expect(stages()).toEqual(['one: waiting']);
    await vi.advanceTimersByTimeAsync(1);
    expect(stages()).toEqual(['one: failed']);
  });

  test('a server that never answers does not hold up the next', async () => {
    const { fake, client, sent, stages, wait } = inside();
    client.post(1, 'one');
    await wait(1000);
    client.post(1, 'two');
    await wait(longestWait - 1000);
    expect(sent()).toEqual(['one', 'two']);
    expect(stages()).toEqual(['one: failed', 'two: sending']);
    // It answers after all.
    const { ref, nonce } = fake.socket.all('post')[0] ?? {};
    fake.socket.frame({ type: 'posted', ref, room: 1, seq: 11, at: 1, nonce, heard: 0 });
    expect(stages()).toEqual(['one: taken', 'two: sending']);
  });

  test('who waits for the server to allow it is not too late by that', async () => {
    const { fake, client, sent, wait } = inside();
    client.post(1, 'one');
    for (let i = 0; i < 4; i++) {
      fake.socket.refuse('post', 'rate_limited', { retry_ms: 60_000 });
      await wait(60_000);
    }
    expect(sent()).toHaveLength(5);
  });
});

describe('what is taken back', () => {
  test('a discarded one is not sent', () => {
    const { fake, client, sent, stages, nonce, back } = inside();
    fake.socket.drop(1006);
    client.post(1, 'no');
    client.post(1, 'yes');
    client.discard(1, nonce('no'));
    expect(stages()).toEqual(['yes: waiting']);
    const socket = back();
    socket.resumed([1]);
    socket.returned(1, 10);
    expect(sent()).toEqual(['yes']);
  });

  test('a room that is left takes its outbox with it', async () => {
    const { fake, client, sent, back } = inside();
    fake.socket.drop(1006);
    client.post(1, 'no');
    await client.leave(1);
    client.join(1);
    back().admit(1);
    expect(sent()).toEqual([]);
    await vi.advanceTimersByTimeAsync(longestWait);
  });

  test.each([
    ['deleted', { type: 'closed', room: 1, seq: 11, at: 1 }],
    ['closed to one', { type: 'removed', room: 1, code: 'forbidden', message: 'No more.' }],
  ])('a room that is %s fails what waits, and it can be sent when one is in again', (_, frame) => {
    const { fake, client, sent, stages, nonce } = inside();
    client.post(1, 'one');
    client.post(1, 'two');
    fake.socket.frame(frame);
    expect(stages()).toEqual(['one: failed', 'two: failed']);
    client.join(1);
    fake.socket.admit(1);
    expect(sent()).toEqual(['one']);
    client.retry(1, nonce('two'));
    expect(sent()).toEqual(['one', 'two']);
  });

  test('a client that is stopped forgets all', async () => {
    const { fake, client, stages } = inside();
    client.post(1, 'one');
    const before = stages();
    client.stop();
    await vi.advanceTimersByTimeAsync(2 * longestWait);
    expect(stages()).toEqual(before);
    expect(fake.sockets).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
