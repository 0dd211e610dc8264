import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { mostRecent } from '../src/lib/client/place';
import { ana, ben, cy } from './fake';
import { inside } from './inside';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const joinedFrame = {
  type: 'joined',
  room: 2,
  info: { id: 2, name: 'r', title: 'r', topic: '', access: 'public', owner: 1 },
  occupants: [ana],
  count: 1,
};

describe('one order without a hole', () => {
  test('a number that was left out is told', () => {
    const { fake, told } = inside();
    fake.socket.said(1, 11);
    fake.socket.said(1, 14);
    fake.socket.frame({ type: 'departed', room: 1, seq: 16, at: 1, users: [cy], count: 1 });
    expect(told).toEqual(['m11', 'gap 1: 2 hole', 'm14', 'gap 1: 1 hole', 'departed']);
  });

  test('what is said about messages has numbers, too', () => {
    const { fake, told } = inside();
    const head = { room: 1, at: 1, user: ben, of: 11 };
    fake.socket.said(1, 11);
    fake.socket.frame({ ...head, type: 'edited', seq: 12, text: 'x' });
    fake.socket.frame({ ...head, type: 'reaction', seq: 13, emoji: '😀', on: true });
    fake.socket.frame({ ...head, type: 'taken_back', seq: 14 });
    fake.socket.frame({ type: 'seen', room: 1, seen: [{ id: 2, seq: 14 }] });
    fake.socket.said(1, 15);
    expect(told).toEqual(['m11', 'm15']);
  });

  test('a number that was had is dropped', () => {
    const { fake, told } = inside();
    fake.socket.said(1, 10);
    fake.socket.said(1, 11);
    fake.socket.said(1, 11, 'again');
    fake.socket.frame({ type: 'entered', room: 1, seq: 11, at: 1, users: [cy], count: 3 });
    expect(told).toEqual(['m11']);
  });

  test('the answer to an entrance of before counts for nothing', () => {
    const { fake, client, told, gaps } = inside();
    client.join(2);
    const first = fake.socket.last('join');
    void client.leave(2);
    client.join(2);
    const second = fake.socket.last('join');
    const answer = (ref: unknown, seq: number): void => {
      fake.socket.frame({ ...joinedFrame, ref, seq });
    };
    answer(first.ref, 5);
    fake.socket.frame({ type: 'left', ref: fake.socket.last('leave').ref, room: 2 });
    answer(second.ref, 9);
    fake.socket.said(2, 10);
    expect(told).toEqual(['joined 2', 'm10']);
    expect(gaps).toEqual([]);
  });

  test('events of rooms that one is not in are not told', () => {
    const { fake, client, told } = inside();
    fake.socket.said(2, 1);
    client.join(2);
    fake.socket.said(2, 1);
    fake.socket.frame({ type: 'closed', room: 1, seq: 11, at: 1 });
    fake.socket.said(1, 12);
    expect(told).toEqual(['closed']);
  });
});

describe('a message that was heard before and is sent again', () => {
  test('is told once, over a restart, and its number counts', () => {
    const { fake, told, gaps, back } = inside();
    fake.socket.said(1, 11, 'hello', ben, 'x1');
    fake.socket.drop(1006);
    const socket = back({ resume: 't2', epoch: 'e2' });
    socket.admit(1, { seq: 1 });
    socket.said(1, 2, 'hello', ben, 'x1');
    socket.said(1, 3, 'more', ben, 'x2');
    expect(told).toEqual(['hello', 'joined 1', 'gap 1: unknown restart', 'more']);
    expect(gaps).toHaveLength(1);
  });

  test("is not another's of the same nonce, nor another text of the same author", () => {
    const { fake, told } = inside();
    fake.socket.said(1, 11, 'hello', ben, 'x');
    fake.socket.said(1, 12, 'hello', cy, 'x');
    fake.socket.said(1, 13, 'bye', ben, 'x');
    fake.socket.said(1, 14, 'bye', ben, 'x');
    expect(told).toEqual(['hello', 'hello', 'bye']);
  });

  test('is known among the last few hundred of its room only', () => {
    const { fake, client, told } = inside();
    client.join(2);
    fake.socket.admit(2);
    fake.socket.said(1, 11, 'one', ben, 'x');
    fake.socket.said(2, 1, 'one', ben, 'x');
    expect(told).toEqual(['joined 2', 'one', 'one']);
    for (let i = 0; i < mostRecent; i++) fake.socket.said(1, 12 + i);
    told.length = 0;
    fake.socket.said(1, 12 + mostRecent, 'one', ben, 'x');
    fake.socket.said(1, 13 + mostRecent, `m${11 + mostRecent}`, ben, `n${11 + mostRecent}`);
    expect(told).toEqual(['one']);
  });
});
