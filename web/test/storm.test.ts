import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Command } from '../src/lib/wire.gen';
import { ana, ben, fakeClient, hello, room } from './fake';
import type { FakeSocket } from './fake';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** As many missed events as the server of this test still has. */
const windowed = 12;

/** A server with one room, as docs/protocol.md describes it, whose frames are on their way until the test lets them arrive. */
class Server {
  readonly log: { seq: number; user: typeof ana; nonce: string; text: string }[] = [];
  /** The tokens of sessions that are in the room and have no connection. */
  readonly away = new Set<string>();
  #socket: FakeSocket | null = null;
  #out: object[] = [];
  #read = 0;
  #token = '';
  #inside = false;
  #tokens = 0;

  greet(socket: FakeSocket): void {
    this.#socket = socket;
    this.#read = 0;
    this.#inside = false;
    this.#token = `t${++this.#tokens}`;
    this.#out = [hello({ resume: this.#token })];
  }

  say(user: typeof ana, text: string, nonce: string): number {
    const seq = this.log.push({ seq: this.log.length + 1, user, nonce, text });
    if (this.#inside) this.#out.push(this.#event(seq));
    return seq;
  }

  /** Reads one command, or lets one frame arrive; false if there is nothing to do. */
  step(random: () => number): boolean {
    const waiting = (this.#socket?.sent.length ?? 0) > this.#read;
    if (waiting && (this.#out.length === 0 || random() < 0.5)) {
      const command = this.#socket?.sent[this.#read++];
      if (command) this.#obey(command);
      return true;
    }
    const frame = this.#out.shift();
    if (frame) this.#socket?.frame(frame);
    return frame !== undefined;
  }

  /** The connection breaks: what is on its way is lost, in both directions. */
  cut(): void {
    if (this.#inside) this.away.add(this.#token);
    const socket = this.#socket;
    this.#socket = null;
    this.#inside = false;
    this.#out = [];
    socket?.drop(4000);
  }

  #event(seq: number): object {
    return { type: 'message', room: 1, at: seq, ...this.log[seq - 1] };
  }

  #obey({ type, ref, token = '', seen = [], text = '', nonce = '' }: Command): void {
    const rest = { room: 1, info: room(1), seq: this.log.length, occupants: [ana, ben], count: 2 };
    if (type === 'join') {
      this.#inside = true;
      this.#out.push({ type: 'joined', ref, ...rest });
    } else if (type === 'resume') {
      if (!this.away.delete(token)) {
        this.#out.push({ type: 'error', ref, code: 'not_found', message: 'It is over.' });
        return;
      }
      this.#inside = true;
      const from = seen[0]?.seq ?? 0;
      const first = Math.max(from + 1, this.log.length - windowed + 1);
      this.#out.push(
        { type: 'resumed', ref, rooms: [1] },
        { type: 'returned', ...rest, lost: first - from - 1 },
      );
      for (let seq = first; seq <= this.log.length; seq++) this.#out.push(this.#event(seq));
    } else if (type === 'post') {
      const before = this.log.find((one) => one.nonce === nonce);
      const seq = before?.seq ?? this.log.length + 1;
      this.#out.push({ type: 'posted', ref, room: 1, seq, at: seq, nonce, heard: 1 });
      if (!before) this.say(ana, text, nonce);
    }
  }
}

test.each(Array.from({ length: 60 }, (_, seed) => seed))(
  'whatever breaks when: all, once, in order (%i)',
  async (seed) => {
    const random = numbers(seed);
    const server = new Server();
    const { client, sockets } = fakeClient();
    const told: number[] = [];
    const strange: unknown[] = [];
    const mine: string[] = [];
    let heard = 0;
    let waiting = 0;
    client.on('frame', (frame) => {
      if (frame.type === 'joined') heard = frame.seq;
      if (frame.type !== 'message') return;
      if (frame.seq !== heard + 1) strange.push(['order', heard, frame.seq]);
      heard = frame.seq;
      told.push(frame.seq);
      if (frame.user.id === ana.id) mine.push(frame.text);
    });
    client.on('gap', ({ lost, why }) => {
      if (why !== 'lost' || lost === 'unknown') strange.push([why, lost]);
      else heard += lost;
    });
    client.on('outbox', ({ drafts, said }) => {
      waiting = drafts.length;
      mine.push(...said.map(({ text }) => text));
      if (drafts.some(({ stage }) => stage === 'failed')) strange.push('failed');
    });
    client.join(1);
    client.start();
    let greeted = 0;
    const come = async (): Promise<void> => {
      // A connection that broke off before its hello is followed by a look at the log-in.
      await vi.advanceTimersByTimeAsync(0);
      client.retryNow();
      const socket = sockets.at(-1);
      if (!socket || sockets.length === greeted) return;
      greeted = sockets.length;
      server.greet(socket);
    };
    await come();
    // Everybody is in before the first breakage: a session that was never in a room has nothing to go on with.
    while (server.step(random));
    let posts = 0;
    for (let i = 0; i < 400; i++) {
      const what = random();
      if (what < 0.1) server.say(ben, `ben ${i}`, `b${i}`);
      else if (what < 0.2) client.post(1, `ana ${posts++}`);
      else if (what < 0.24) server.cut();
      else if (what < 0.5) await come();
      else server.step(random);
    }
    await come();
    while (server.step(random));
    expect(strange).toEqual([]);
    expect(heard).toBe(server.log.length);
    expect(waiting).toBe(0);
    // What one said is in the room once and in order; and one saw it there, unless the server had it no more.
    const texts = server.log.filter(({ user }) => user.id === ana.id).map(({ text }) => text);
    expect(texts).toEqual(Array.from({ length: posts }, (_, at) => `ana ${at}`));
    expect(new Set(mine).size).toBe(mine.length);
    expect(new Set(told).size).toBe(told.length);
  },
);
