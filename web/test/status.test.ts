import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { idleTime, Presence, settleTime } from '../src/lib/state/presence';
import { fakeClient } from './fake';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const fake = fakeClient();
  fake.client.start();
  fake.socket.hello();
  const told = () => fake.socket.all('status').map(({ status }) => status);
  const ok = (): void => {
    fake.socket.frame({ type: 'ok', ref: fake.socket.last('status').ref });
  };
  const again = (hello: object): void => {
    fake.client.retryNow();
    fake.socket.hello({ resume: 't2', ...hello });
  };
  return { fake, client: fake.client, told, ok, again };
}

describe('the status of the session', () => {
  test('is told when it changes, one after the other', () => {
    const { client, told, ok } = open();
    client.setStatus('active');
    expect(told()).toEqual([]);
    client.setStatus('away');
    client.setStatus('active');
    client.setStatus('dnd');
    expect(told()).toEqual(['away']);
    ok();
    expect(told()).toEqual(['away', 'dnd']);
    ok();
    client.setStatus('dnd');
    expect(told()).toEqual(['away', 'dnd']);
  });

  test('is told anew to a session that is a new one', () => {
    const { fake, client, told, ok, again } = open();
    client.setStatus('dnd');
    ok();
    fake.socket.drop(1006);
    again({ epoch: 'e2' });
    expect(told()).toEqual(['dnd']);
  });

  test('is not told to one that goes on, unless it changed or nobody knows', () => {
    const { fake, client, told, ok, again } = open();
    client.join(1);
    fake.socket.admit(1);
    client.setStatus('dnd');
    ok();
    fake.socket.drop(1006);
    again({});
    expect(told()).toEqual([]);
    fake.socket.resumed([1]);
    fake.socket.returned(1, 0);
    expect(told()).toEqual([]);
    client.setStatus('away');
    expect(told()).toEqual(['away']);
    // Lost before the answer.
    fake.socket.drop(1006);
    again({ resume: 't3' });
    fake.socket.resumed([1]);
    expect(told()).toEqual(['away']);
    ok();
    fake.socket.drop(1006);
    client.setStatus('active');
    again({ resume: 't4' });
    fake.socket.resumed([1]);
    expect(told()).toEqual(['active']);
  });

  test('that is refused for a while is told after that while, a refused one not again', async () => {
    const { fake, client, told } = open();
    client.setStatus('away');
    fake.socket.refuse('status', 'rate_limited', { retry_ms: 4000 });
    await vi.advanceTimersByTimeAsync(3900);
    expect(told()).toEqual(['away']);
    await vi.advanceTimersByTimeAsync(200);
    expect(told()).toEqual(['away', 'away']);
    fake.socket.refuse('status', 'invalid');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(told()).toEqual(['away', 'away']);
  });

  test('of a page loaded anew is told, because nobody knows what it was', () => {
    const { client } = open();
    client.join(1);
    const kept = client.keep();
    const fake = fakeClient(undefined, kept && { ...kept, status: 'dnd', seen: [{ room: 1, seq: 1 }] });
    fake.client.start();
    fake.socket.hello({ resume: 't2' });
    expect(fake.socket.all('status')).toEqual([]);
    fake.socket.resumed([1]);
    expect(fake.socket.last('status').status).toBe('active');
  });
});

describe('whether somebody is there', () => {
  let hidden = false;
  const stops: (() => void)[] = [];
  beforeEach(() => {
    hidden = false;
    vi.spyOn(document, 'hidden', 'get').mockImplementation(() => hidden);
  });
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
  });

  function watch() {
    const told: string[] = [];
    const presence = new Presence((status) => void told.push(status));
    stops.push(presence.watch());
    return { presence, told };
  }
  const hide = (now: boolean): void => {
    hidden = now;
    document.dispatchEvent(new Event('visibilitychange'));
  };

  test('who looks at something else is away, after two seconds', async () => {
    const { told } = watch();
    hide(true);
    await vi.advanceTimersByTimeAsync(settleTime - 1);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual(['away']);
    hide(false);
    await vi.advanceTimersByTimeAsync(settleTime);
    expect(told).toEqual(['away', 'active']);
  });

  test('who is back within that time was not away', async () => {
    const { told } = watch();
    for (let i = 0; i < 20; i++) {
      hide(i % 2 === 0);
      await vi.advanceTimersByTimeAsync(settleTime - 1);
    }
    await vi.advanceTimersByTimeAsync(settleTime);
    expect(told).toEqual([]);
  });

  test('who does nothing for five minutes is away, and is back with the first key', async () => {
    const { told } = watch();
    await vi.advanceTimersByTimeAsync(idleTime - 1000);
    dispatchEvent(new Event('pointermove'));
    await vi.advanceTimersByTimeAsync(idleTime - 1000);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(1000 + settleTime);
    expect(told).toEqual(['away']);
    dispatchEvent(new Event('keydown'));
    await vi.advanceTimersByTimeAsync(settleTime);
    expect(told).toEqual(['away', 'active']);
    await vi.advanceTimersByTimeAsync(idleTime + settleTime);
    expect(told).toEqual(['away', 'active', 'away']);
  });

  test('who is not to be disturbed is that, there or not, and at once', async () => {
    const { presence, told } = watch();
    presence.choose('dnd');
    expect(told).toEqual(['dnd']);
    hide(true);
    await vi.advanceTimersByTimeAsync(settleTime);
    expect(told).toEqual(['dnd']);
    presence.choose('active');
    expect(told).toEqual(['dnd', 'away']);
  });

  test('nothing is told after the end', async () => {
    const { told } = watch();
    for (const stop of stops.splice(0)) stop();
    hide(true);
    dispatchEvent(new Event('keydown'));
    await vi.advanceTimersByTimeAsync(2 * idleTime);
    expect(told).toEqual([]);
  });
});
