import type { Occupants } from '../wire.gen';
import type { Client, ClientEvents, Kept } from './client';
import { CommandError, ConnectionLost } from './errors';
import type { Asked } from './commands';
import { Emitter } from './emitter';
import { unpacked } from './fault';
import type { Frame } from './frames';
import type { Connection } from './link';
import type { Draft } from './outbox';
import type { Status } from './status';
import type { Asking, Called, Telling } from './tabs';

/** What a page uses of a client, wherever that is. */
export type AnyClient = Pick<Client, keyof Client>;

/** A line to a client that more tabs may share. */
export interface Way {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage: (message: Asking) => void;
  /** The client is in this page, and lives as long as that. */
  readonly own?: boolean;
  /** Is settled when the client is no more although the page is. */
  readonly gone?: Promise<unknown>;
}

/** After so long, in milliseconds, another end is looked for again where none was found. */
const pause = 5000;

/** A client that is elsewhere: in a thread that all tabs share or, where there is none, in this page. */
export class Remote extends Emitter<ClientEvents> implements AnyClient {
  readonly #open: () => Promise<Way>;
  #way: Way | null = null;
  /** Counts the lines: what still comes on an older one is not listened to. */
  #lines = 0;
  /** What was asked before there was a line. */
  #waiting: Asking[] = [];
  readonly #calls = new Map<number, { resolve: (value: unknown) => void; reject: (fault: Error) => void }>();
  #last = 0;
  #connection: Connection = { phase: 'idle' };
  #kept: Kept | null = null;
  #hidden = false;
  /** How far rooms were heard since that was told. */
  readonly #ahead = new Map<number, number>();
  /** What was said and not seen yet, by rooms. */
  readonly #outboxes = new Map<number, readonly Draft[]>();

  /** `open` gives a line on which the other end is ready. */
  constructor(open: () => Promise<Way>) {
    super();
    this.#open = open;
  }

  get connection(): Connection {
    return this.#connection;
  }

  restore(kept: Kept): void {
    this.#kept = kept;
    this.#send({ type: 'restore', kept });
  }

  start(): void {
    this.#send({ type: 'start' });
  }

  /** The tab is out of it. The session ends with the last one. */
  stop(): void {
    this.#send({ type: 'stop' });
    this.#lines++;
    this.#way = null;
    this.#waiting = [];
    this.#kept = null;
    this.#ahead.clear();
    this.#outboxes.clear();
    this.#connection = { phase: 'idle' };
  }

  /** What brings the session back. It is asked for when the page is left: where no other tab has it, the session waits for that. */
  keep(): Kept | null {
    this.#send({ type: 'hide' });
    this.#hidden = true;
    return this.#asOf();
  }

  /** What brings the session back, as of now. */
  #asOf(): Kept | null {
    return this.#kept && { ...this.#kept, ...(this.#connection.phase === 'open' && { at: Date.now() }) };
  }

  /** The browser had put the page away: whether the other end is still there, nobody knows. */
  reconnect(): void {
    if (!this.#hidden || this.#way?.own) {
      this.#hidden = false;
      this.#call('reconnect');
      return;
    }
    this.#hidden = false;
    this.#revive();
  }

  /** Goes on at another end, with what this one knows of the session and had to say. */
  #revive(): void {
    const kept = this.#asOf();
    this.#way = null;
    for (const { reject } of this.#calls.values()) reject(new ConnectionLost());
    this.#calls.clear();
    this.#told({ type: 'connection', detail: { phase: 'connecting', tries: 0 } });
    if (kept) {
      const seen = kept.seen.map(({ room, seq }) => ({ room, seq: this.#ahead.get(room) ?? seq }));
      this.#send({ type: 'restore', kept: { ...kept, seen }, outboxes: [...this.#outboxes] });
      for (const room of kept.rooms) this.join(room);
    }
    this.start();
  }

  retryNow(): void {
    this.#call('retryNow');
  }
  nudge(): void {
    this.#call('nudge');
  }
  join(room: number): void {
    this.#call('join', room);
  }
  async leave(room: number): Promise<void> {
    await this.#ask('leave', room);
  }
  post(...given: Parameters<Client['post']>): void {
    this.#ask('post', ...given).catch(() => {
      // The other end was no more before it took it.
      this.post(...given);
    });
  }
  retry(room: number, nonce: string): void {
    this.#call('retry', room, nonce);
  }
  discard(room: number, nonce: string): void {
    this.#call('discard', room, nonce);
  }
  typing(room: number): void {
    this.#call('typing', room);
  }
  see(room: number, seq: number): void {
    this.#call('see', room, seq);
  }
  setStatus(status: Status): void {
    this.#call('setStatus', status);
  }
  async occupants(room: number, after: string): Promise<Occupants> {
    return (await this.#ask('occupants', room, after)) as Occupants;
  }

  async ask(asked: Asked): Promise<Frame> {
    return (await this.#ask('ask', asked)) as Frame;
  }

  #call(name: Called, ...args: readonly unknown[]): void {
    this.#send({ type: 'call', id: ++this.#last, name, args });
  }

  #ask(name: Called, ...args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#calls.set(this.#last + 1, { resolve, reject });
      this.#call(name, ...args);
    });
  }

  #send(asking: Asking): void {
    if (this.#way) {
      this.#way.postMessage(asking);
      return;
    }
    // Who is not connected has nothing to hide, and nothing to stop.
    if (asking.type === 'stop' || asking.type === 'hide') return;
    this.#waiting.push(asking);
    if (this.#waiting.length === 1) void this.#connect();
  }

  async #connect(): Promise<void> {
    const line = ++this.#lines;
    let way: Way;
    try {
      way = await this.#open();
    } catch {
      // Its scripts cannot be had now: there is no network, or the server has been upgraded.
      this.#told({
        type: 'connection',
        detail: { phase: 'waiting', until: Date.now() + pause, tries: 1, code: 0 },
      });
      setTimeout(() => {
        if (line === this.#lines) void this.#connect();
      }, pause);
      return;
    }
    if (line !== this.#lines) {
      way.postMessage({ type: 'stop' });
      return;
    }
    this.#way = way;
    way.onmessage = ({ data }: MessageEvent) => {
      for (const telling of data as readonly Telling[]) if (line === this.#lines) this.#told(telling);
    };
    for (const asking of this.#waiting) way.postMessage(asking);
    this.#waiting = [];
    void way.gone?.then(() => {
      // A page that is put away looks when it is back.
      if (line === this.#lines && !this.#hidden) this.#revive();
    });
  }

  #told(telling: Telling): void {
    switch (telling.type) {
      case 'connection':
        this.#connection = telling.detail;
        break;
      case 'frame': {
        const { detail } = telling;
        if ('seq' in detail && 'at' in detail && detail.type !== 'posted')
          this.#ahead.set(detail.room, detail.seq);
        break;
      }
      case 'outbox':
        this.#outboxes.set(telling.detail.room, telling.detail.drafts);
        break;
      case 'gap':
        break;
      case 'refused': {
        const { room, error } = telling.detail;
        const fault = unpacked(error);
        if (fault instanceof CommandError) this.emit('refused', { room, error: fault });
        return;
      }
      case 'kept':
        this.#kept = telling.kept;
        this.#ahead.clear();
        return;
      case 'done': {
        const call = this.#calls.get(telling.id);
        this.#calls.delete(telling.id);
        if (telling.fault) call?.reject(unpacked(telling.fault));
        else call?.resolve(telling.value);
        return;
      }
      case 'ready':
        return;
    }
    // The rest is told here as it was told there.
    (this.emit as (name: string, detail: unknown) => void)(telling.type, telling.detail);
  }
}
