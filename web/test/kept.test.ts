import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fakeClient } from './fake';
import { inside, seen, types } from './inside';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a page loaded anew', () => {
  const kept = () => {
    const { fake, client } = inside({ 1: 10, 2: 5 });
    fake.socket.said(1, 11);
    const found = client.keep();
    if (!found) throw new Error('nothing to keep');
    return found;
  };

  test('is left what it needs, and nothing that was said', () => {
    expect(kept()).toEqual({
      tokens: ['t1'],
      epoch: 'e1',
      user: 1,
      at: Date.now(),
      resumeMs: 60_000,
      seen: [
        { room: 1, seq: 11 },
        { room: 2, seq: 5 },
      ],
      rooms: [1, 2],
      status: 'active',
    });
  });

  test('goes on, and hears what was said meanwhile', () => {
    const fake = fakeClient(undefined, kept());
    const told: string[] = [];
    fake.client.on('frame', (frame) => {
      if (frame.type === 'message') told.push(frame.text);
    });
    fake.client.join(1);
    fake.client.start();
    fake.socket.hello({ resume: 't2' });
    expect(seen(fake.socket)).toEqual(['t1', { 1: 11, 2: 5 }]);
    fake.socket.resumed([1, 2]);
    fake.socket.returned(1, 12);
    fake.socket.said(1, 12);
    expect(told).toEqual(['m12']);
  });

  test('may be left before it is connected: the next one finds the same', async () => {
    const left = kept();
    await vi.advanceTimersByTimeAsync(5000);
    const fake = fakeClient(undefined, left);
    fake.client.start();
    expect(fake.client.keep()).toEqual(left);
  });

  test('is not gone on with if somebody else is logged in by then', () => {
    const fake = fakeClient(undefined, kept());
    fake.client.start();
    fake.socket.hello({ resume: 't2', user: { id: 7, name: 'gil' } });
    expect(types(fake.socket)).toEqual(['join', 'join']);
  });

  test('by another server begins anew', () => {
    const fake = fakeClient(undefined, kept());
    fake.client.start();
    fake.socket.hello({ resume: 't2', epoch: 'e2' });
    expect(types(fake.socket)).toEqual(['join', 'join']);
  });

  test('may have been disconnected: the time counts from there', async () => {
    const { fake, client } = inside();
    fake.socket.drop(4500);
    const lost = Date.now();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(client.keep()).toMatchObject({ at: lost, tokens: ['t1'] });
  });

  test('is left nothing by a session that is over or cannot go on', () => {
    const { client } = inside();
    client.stop();
    expect(client.keep()).toBeNull();
    const fake = fakeClient();
    expect(fake.client.keep()).toBeNull();
    fake.client.start();
    fake.socket.hello({ resume: '', resume_ms: 0 });
    expect(fake.client.keep()).toBeNull();
  });
});
