import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ben, cy } from './fake';
import { inside, seen, types } from './inside';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('coming back within the time', () => {
  test('gives the token of the hello before, and how far each room was heard', () => {
    const { fake, told, gaps, back } = inside({ 1: 10, 2: 7 });
    fake.socket.said(1, 11);
    fake.socket.frame({ type: 'entered', room: 1, seq: 12, at: 1, users: [cy], count: 3 });
    fake.socket.frame({ type: 'typing', room: 1, users: [ben] });
    fake.socket.drop(1006);
    const socket = back();
    expect(types(socket)).toEqual(['resume']);
    expect(seen(socket)).toEqual(['t1', { 1: 12, 2: 7 }]);
    socket.resumed([1, 2]);
    socket.returned(1, 14);
    socket.said(1, 13);
    socket.said(1, 14);
    socket.returned(2, 7);
    socket.said(2, 8);
    expect(told).toEqual(['m11', 'entered', 'returned 1', 'm13', 'm14', 'returned 2', 'm8']);
    expect(gaps).toEqual([]);
    expect(types(socket)).toEqual(['resume']);
  });

  test('and again, with the next token and what came since', () => {
    const { fake, gaps, back } = inside();
    fake.socket.drop(1006);
    let socket = back({ resume: 't2' });
    socket.resumed([1]);
    socket.returned(1, 12);
    socket.said(1, 11);
    // Lost in the middle of what was missed: the rest is asked for.
    socket.drop(1006);
    socket = back({ resume: 't3' });
    expect(seen(socket)).toEqual(['t2', { 1: 11 }]);
    socket.resumed([1]);
    // Lost before the room was returned.
    socket.drop(1006);
    socket = back({ resume: 't4' });
    expect(seen(socket)).toEqual(['t3', { 1: 11 }]);
    socket.resumed([1]);
    socket.returned(1, 12);
    socket.said(1, 12);
    expect(gaps).toEqual([]);
  });

  test('events that are no more are counted, once', () => {
    const { fake, told, back } = inside();
    fake.socket.drop(1006);
    const socket = back();
    socket.resumed([1]);
    socket.returned(1, 20, { lost: 8 });
    socket.said(1, 19);
    socket.said(1, 20);
    expect(told).toEqual(['returned 1', 'gap 1: 8 lost', 'm19', 'm20']);
  });

  test('all of them may be no more', () => {
    const { fake, told, back } = inside();
    fake.socket.drop(1006);
    let socket = back();
    socket.resumed([1]);
    socket.returned(1, 13, { lost: 3 });
    socket.drop(1006);
    socket = back({ resume: 't3' });
    expect(seen(socket)).toEqual(['t2', { 1: 13 }]);
    expect(told).toEqual(['returned 1', 'gap 1: 3 lost']);
  });

  test('more of them may be no more while the others come', () => {
    const { fake, told, back } = inside();
    fake.socket.drop(1006);
    const socket = back();
    socket.resumed([1]);
    socket.returned(1, 20);
    socket.said(1, 11);
    socket.returned(1, 21, { lost: 9 });
    socket.said(1, 21);
    socket.said(1, 22);
    expect(told).toEqual(['returned 1', 'm11', 'returned 1', 'gap 1: 9 lost', 'm21', 'm22']);
    // One is inside all the time.
    expect(types(socket)).toEqual(['resume']);
  });

  test('a room that one is put out of before it is back can be entered again', () => {
    const { fake, client, told, back } = inside();
    fake.socket.drop(1006);
    const socket = back();
    socket.resumed([1]);
    socket.frame({ type: 'removed', room: 1, code: 'forbidden', message: 'No more.' });
    client.join(1);
    expect(types(socket)).toEqual(['resume', 'join']);
    socket.admit(1, { seq: 40 });
    socket.said(1, 41);
    expect(told).toEqual(['joined 1', 'm41']);
  });

  test('numbers that cannot be are no reason to be silent', () => {
    const { fake, gaps, back } = inside();
    fake.socket.drop(1006);
    const socket = back();
    socket.resumed([1]);
    socket.returned(1, 4);
    socket.said(1, 5);
    expect(gaps).toEqual([{ room: 1, lost: 'unknown', why: 'hole' }]);
  });

  test('what comes twice is told once, and what comes for a room not returned yet is not told', () => {
    const { fake, told, gaps, back } = inside({ 1: 10, 2: 5 });
    fake.socket.said(1, 11);
    fake.socket.drop(1006);
    const socket = back();
    socket.resumed([1, 2]);
    socket.said(2, 6);
    socket.returned(1, 12);
    socket.said(1, 11);
    socket.said(1, 12);
    socket.said(1, 12);
    expect(told).toEqual(['m11', 'returned 1', 'm12']);
    expect(gaps).toEqual([]);
  });
});

describe('rooms that are not in what goes on', () => {
  test('are entered anew, with a gap, and only after the answer', () => {
    const { fake, told, back } = inside({ 1: 10, 2: 5 });
    fake.socket.drop(1006);
    const socket = back();
    socket.resumed([1]);
    expect(types(socket)).toEqual(['resume', 'join']);
    expect(socket.last('join').room).toBe(2);
    socket.returned(1, 10);
    socket.admit(2, { seq: 50 });
    socket.said(2, 51);
    expect(told).toEqual(['returned 1', 'joined 2', 'gap 2: unknown away', 'm51']);
  });

  test('a room asked for meanwhile waits for the answer', () => {
    const { fake, client, gaps, back } = inside();
    fake.socket.drop(1006);
    client.join(3);
    const socket = back();
    client.join(4);
    expect(types(socket)).toEqual(['resume']);
    expect(seen(socket)).toEqual(['t1', { 1: 10 }]);
    socket.resumed([1]);
    expect(socket.all('join').map(({ room }) => room)).toEqual([3, 4]);
    socket.admit(3);
    expect(gaps).toEqual([]);
  });

  test('a room left while away is not asked for', () => {
    const { fake, client, back } = inside({ 1: 10, 2: 5 });
    fake.socket.drop(1006);
    void client.leave(2);
    const socket = back();
    expect(seen(socket)).toEqual(['t1', { 1: 10 }]);
    socket.resumed([1]);
    expect(types(socket)).toEqual(['resume']);
  });

  test('a room left while it comes back is left once that can be', () => {
    const { fake, client, told, back } = inside({ 1: 10, 2: 5 });
    fake.socket.drop(1006);
    const socket = back();
    void client.leave(1);
    socket.resumed([1, 2]);
    void client.leave(2);
    expect(types(socket)).toEqual(['resume']);
    socket.returned(1, 11);
    socket.said(1, 11);
    // Entered anew before it is back.
    client.join(2);
    expect(types(socket)).toEqual(['resume', 'leave']);
    socket.returned(2, 5);
    expect(socket.sent.slice(1).map(({ type, room }) => [type, room])).toEqual([
      ['leave', 1],
      ['leave', 2],
      ['join', 2],
    ]);
    socket.admit(2, { seq: 9 });
    expect(told).toEqual(['joined 2']);
  });

  test('without any there is nothing to resume', () => {
    const { fake, client, back } = inside({});
    fake.socket.drop(1006);
    client.join(1);
    const socket = back();
    expect(types(socket)).toEqual(['join']);
  });
});

describe('a session that is over', () => {
  test('is told once: a refusal makes a new one, with a gap of unknown size', () => {
    const { fake, told, back } = inside({ 1: 10, 2: 5 });
    fake.socket.drop(1006);
    const socket = back();
    socket.refuse('resume', 'not_found');
    expect(types(socket)).toEqual(['resume', 'join', 'join']);
    socket.admit(1, { seq: 30 });
    socket.admit(2, { seq: 6 });
    socket.said(1, 31);
    expect(told).toEqual(['joined 1', 'gap 1: unknown away', 'joined 2', 'gap 2: unknown away', 'm31']);
  });

  test.each(['forbidden', 'malformed', 'internal', 'unknown_command'])('%s is a refusal, too', (code) => {
    const { fake, back } = inside();
    fake.socket.drop(1006);
    const socket = back();
    socket.refuse('resume', code);
    expect(types(socket)).toEqual(['resume', 'join']);
  });

  test('a gap is told even if the connection breaks off before the room is entered', () => {
    const { fake, told, back } = inside();
    fake.socket.drop(1006);
    let socket = back();
    socket.refuse('resume', 'not_found');
    socket.drop(1006);
    socket = back({ resume: 't3' });
    expect(types(socket)).toEqual(['join']);
    socket.admit(1, { seq: 30 });
    socket.drop(1006);
    socket = back({ resume: 't4' });
    expect(seen(socket)).toEqual(['t3', { 1: 30 }]);
    expect(told).toEqual(['joined 1', 'gap 1: unknown away']);
  });

  test('another epoch is not asked, and its numbers mean nothing', () => {
    const { fake, told, back } = inside({ 1: 500 });
    fake.socket.drop(1006);
    const socket = back({ resume: 't2', epoch: 'e2' });
    expect(types(socket)).toEqual(['join']);
    socket.admit(1, { seq: 0 });
    socket.said(1, 1);
    expect(told).toEqual(['joined 1', 'gap 1: unknown restart', 'm1']);
  });

  test('after the time nothing is asked', async () => {
    const { fake, told } = inside();
    fake.socket.drop(4500);
    // The server may have noticed later: for twice its ping_ms it is asked all the same.
    await vi.advanceTimersByTimeAsync(60_000 + 50_000 + 1);
    fake.client.start();
    fake.socket.hello({ resume: 't2' });
    expect(types(fake.socket)).toEqual(['join']);
    fake.socket.admit(1, { seq: 11 });
    expect(told).toEqual(['joined 1', 'gap 1: unknown away']);
    fake.socket.drop(4500);
    await vi.advanceTimersByTimeAsync(60_000 + 50_000);
    fake.client.start();
    fake.socket.hello({ resume: 't3' });
    expect(seen(fake.socket)).toEqual(['t2', { 1: 11 }]);
  });

  test('a server that keeps none is not asked', () => {
    const { fake, back } = inside();
    fake.socket.drop(1006);
    let socket = back({ resume: '', resume_ms: 0 });
    socket.refuse('resume', 'not_found');
    socket.admit(1, { seq: 3 });
    socket.drop(1006);
    socket = back({ resume: '', resume_ms: 0 });
    expect(types(socket)).toEqual(['join']);
  });

  test('one that goes on elsewhere is left to that (4002)', () => {
    const { fake, told, back } = inside();
    fake.socket.drop(4002);
    const socket = back();
    expect(types(socket)).toEqual(['join']);
    socket.admit(1, { seq: 10 });
    expect(told).toEqual(['joined 1', 'gap 1: unknown away']);
  });
});

describe('the seams', () => {
  test('lost between resume and resumed: the newer token is tried first, then the older', () => {
    const { fake, gaps, back } = inside();
    fake.socket.drop(1006);
    let socket = back({ resume: 't2' });
    expect(seen(socket)[0]).toBe('t1');
    socket.drop(1006);
    socket = back({ resume: 't3' });
    expect(seen(socket)[0]).toBe('t2');
    socket.refuse('resume', 'not_found');
    expect(seen(socket)[0]).toBe('t1');
    socket.resumed([1]);
    socket.returned(1, 10);
    socket.drop(1006);
    // From here on only the newest is good.
    socket = back({ resume: 't4' });
    expect(seen(socket)[0]).toBe('t3');
    socket.refuse('resume', 'not_found');
    expect(types(socket)).toEqual(['resume', 'join']);
    expect(gaps).toEqual([]);
  });

  test('lost there again and again: every token stays in the game, newest first', () => {
    const { fake, back } = inside();
    for (let i = 2; i <= 4; i++) {
      fake.socket.drop(1006);
      back({ resume: `t${i}` });
    }
    fake.socket.drop(1006);
    const socket = back({ resume: 't5' });
    for (const token of ['t4', 't3', 't2', 't1']) {
      expect(seen(socket)[0]).toBe(token);
      socket.refuse('resume', 'not_found');
    }
    expect(types(socket)).toEqual(['resume', 'resume', 'resume', 'resume', 'join']);
  });

  test('one that was refused is not tried again on the next connection', () => {
    const { fake, back } = inside();
    fake.socket.drop(1006);
    back({ resume: 't2' }).drop(1006);
    let socket = back({ resume: 't3' });
    socket.refuse('resume', 'not_found');
    expect(seen(socket)[0]).toBe('t1');
    socket.drop(1006);
    socket = back({ resume: 't4' });
    expect(seen(socket)[0]).toBe('t3');
    socket.refuse('resume', 'not_found');
    expect(seen(socket)[0]).toBe('t1');
  });

  test('how many tokens are tried is bounded', () => {
    const { fake, back } = inside();
    for (let i = 2; i < 40; i++) {
      fake.socket.drop(1006);
      back({ resume: `t${i}` });
    }
    while (fake.socket.all('join').length === 0) fake.socket.refuse('resume', 'not_found');
    expect(fake.socket.all('resume').length).toBeLessThanOrEqual(8);
    expect(fake.socket.last('join').room).toBe(1);
  });

  test.each(['rate_limited', 'busy'])(
    '%s: the same is asked again later, on the same connection',
    async (code) => {
      const { fake, gaps, back } = inside();
      fake.socket.drop(1006);
      const socket = back();
      socket.refuse('resume', code, { retry_ms: 3000 });
      await vi.advanceTimersByTimeAsync(2900);
      expect(types(socket)).toEqual(['resume']);
      await vi.advanceTimersByTimeAsync(200);
      expect(types(socket)).toEqual(['resume', 'resume']);
      expect(seen(socket)).toEqual(['t1', { 1: 10 }]);
      socket.resumed([1]);
      socket.returned(1, 11);
      socket.said(1, 11);
      expect(gaps).toEqual([]);
      expect(fake.sockets).toHaveLength(2);
    },
  );

  test('what was to be asked again later is not asked on another connection', async () => {
    const { fake, back } = inside();
    fake.socket.drop(1006);
    back().refuse('resume', 'busy', { retry_ms: 3000 });
    fake.socket.drop(1006);
    const socket = back({ resume: 't3' });
    expect(seen(socket)[0]).toBe('t2');
    await vi.advanceTimersByTimeAsync(5000);
    expect(types(socket)).toEqual(['resume']);
  });

  test('a server that stops meanwhile is asked again after it closed', () => {
    const { fake, back } = inside();
    fake.socket.drop(1006);
    let socket = back();
    socket.refuse('resume', 'stopping');
    expect(types(socket)).toEqual(['resume']);
    socket.drop(1001);
    socket = back({ resume: 't3' });
    expect(seen(socket)[0]).toBe('t2');
  });
});
