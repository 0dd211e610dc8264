import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

import WebSocket from 'ws';

import type { NewUser, Server } from './server.ts';

/** What lets a user post as much as a test wants. */
export const unlimited = {
  EARSHOT_LIMITS_POSTS_PER_SECOND: '100000',
  EARSHOT_LIMITS_POSTS_BURST: '100000',
} as const;

/** Somebody in one room without a browser: for more messages than people type. */
export class Talker {
  readonly #socket: WebSocket;
  readonly #room: number;
  #made = 0;
  #refused = '';

  private constructor(socket: WebSocket, room: number) {
    this.#socket = socket;
    this.#room = room;
    socket.on('message', (data: Buffer) => {
      // Own messages come back by the thousand: of all frames only those count that begin so.
      if (data.subarray(0, 15).toString() === '{"type":"error"') this.#refused = data.toString();
    });
  }

  /** Logs in and enters the room of a number. */
  static async enter(server: Server, user: NewUser, room: number): Promise<Talker> {
    const login = await fetch(`${server.url}/api/v1/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: user.name, password: user.password }),
    });
    const cookie = (login.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, 'earshot.v1', {
      headers: { cookie },
      perMessageDeflate: false,
    });
    const talker = new Talker(socket, room);
    await once(socket, 'open');
    const entered = new Promise<void>((done) => {
      socket.on('message', function look(data: Buffer) {
        if (!data.subarray(0, 16).toString().startsWith('{"type":"joined"')) return;
        socket.off('message', look);
        done();
      });
    });
    talker.#send({ type: 'join', ref: 1, room });
    await entered;
    return talker;
  }

  say(text: string): void {
    this.#made += 1;
    this.#send({ type: 'post', ref: this.#made + 1, room: this.#room, text, nonce: `t${this.#made}` });
  }

  /** Says `rate` messages a second, evenly, until `seconds` are over or the signal says so. Gives how many it were. */
  async pour(
    rate: number,
    seconds: number,
    text: (index: number) => string,
    until?: AbortSignal,
  ): Promise<number> {
    const began = performance.now();
    let said = 0;
    while (said < rate * seconds && until?.aborted !== true) {
      const due = Math.min(rate * seconds, ((performance.now() - began) / 1000) * rate);
      while (said < due) this.say(text(said++));
      if (this.#refused !== '') throw new Error(this.#refused);
      await pause(5);
    }
    return said;
  }

  async leave(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  #send(command: object): void {
    this.#socket.send(JSON.stringify(command));
  }
}
