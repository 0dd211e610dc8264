import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Frame } from '../src/lib/client/frames';
import { fakeClient, hello } from './fake';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const fake = fakeClient();
  const frames: Frame[] = [];
  const faults: string[] = [];
  let phases = 0;
  fake.client.on('connection', () => {
    phases++;
  });
  fake.client.on('frame', (frame) => void frames.push(frame));
  fake.client.on('fault', ({ what }) => void faults.push(what));
  fake.client.start();
  fake.socket.hello();
  return { fake, client: fake.client, frames, faults, phases: () => phases };
}

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
    ['an unknown type', '{"type":"sung"}', 'unknown'],
    ['a reaction to nothing', '{"type":"reaction","room":1,"seq":1,"at":1}', 'broken'],
    ['who saw nothing', '{"type":"seen","room":1,"seen":[{"id":1}]}', 'broken'],
    ['a name of Object', '{"type":"constructor"}', 'unknown'],
    ['__proto__', '{"type":"__proto__"}', 'unknown'],
    ['a missing field', JSON.stringify({ ...said, user: undefined }), 'broken'],
    ['a field of a wrong type', JSON.stringify({ ...said, text: { toString: 1 } }), 'broken'],
    ['a number out of range', '{"type":"typing","room":1e999,"users":[]}', 'broken'],
    [
      'users that are none',
      JSON.stringify({ type: 'entered', room: 1, seq: 1, at: 1, users: [null], count: 1 }),
      'broken',
    ],
    ['a status that is none', '{"type":"status","room":1,"users":[]}', 'broken'],
    ['a typist of the old form', '{"type":"typing","room":1,"user":{"id":1,"name":"x"}}', 'broken'],
    ['a token that is none', JSON.stringify({ ...hello(), resume: 5 }), 'broken'],
    ['rooms that are none', '{"type":"resumed","ref":1,"rooms":["1"]}', 'broken'],
    ['a loss below nothing', '{"type":"returned","room":1,"seq":1,"lost":-1}', 'broken'],
    ['an info that is none', '{"type":"changed","room":1,"seq":1,"at":1,"info":[]}', 'broken'],
  ] as const)('%s is ignored', (_, data, what) => {
    const { fake, client, frames, faults } = open();
    client.join(1);
    fake.socket.admit(1);
    frames.length = 0;
    fake.socket.raw(data);
    expect(faults).toEqual([what]);
    expect(frames).toEqual([]);
    fake.socket.frame({ ...said, unknown_field: 1 });
    expect(frames).toHaveLength(1);
    expect(client.connection.phase).toBe('open');
  });

  test('a second hello changes nothing, and nothing is taken before the first', () => {
    const { fake, frames, phases } = open();
    fake.socket.hello();
    expect(phases()).toBe(2);
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
    client.join(1);
    fake.socket.admit(1);
    frames.length = 0;
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
