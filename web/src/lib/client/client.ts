import type { Hello, Joined, Occupants, Resumed, Returned, Seen } from '../wire.gen';
import { CommandError, ConnectionLost } from './errors';
import type { Asked } from './commands';
import { Emitter } from './emitter';
import type { Frame, Numbered } from './frames';
import { Link } from './link';
import type { Connection, LinkOptions } from './link';
import { Outbox } from './outbox';
import type { Draft } from './outbox';
import { Place } from './place';
import type { Why } from './place';
import { StatusTeller } from './status';
import type { Status } from './status';

/** Events of a room that did not come and will not; `lost` is how many, entrances and the like among them. */
export interface Gap {
  room: number;
  lost: number | 'unknown';
  why: Why;
}

export interface ClientEvents {
  connection: Connection;
  /**
   * Every frame after hello, answers included, in the order in which they came; of the events of a room those that are to be
   * shown: each once, in order, and while one is inside.
   */
  frame: Frame;
  /** Is told in its place between the frames: after `joined` or `returned`, or before the event that shows the hole. */
  gap: Gap;
  /** What one said in a room and did not see there yet. `said` were heard, but their events will not come. */
  outbox: { room: number; drafts: readonly Draft[]; said: readonly Draft[] };
  /** A room cannot be entered, and is not tried again. */
  refused: { room: number; error: CommandError };
  /** A frame that was ignored. Its content is not told: it may be something said. */
  fault: { what: 'broken' | 'unknown' };
}

/** What another client needs to go on with this one's session. Nothing of it was said by anybody. */
export interface Kept {
  /** Newest first; mostly one. */
  tokens: string[];
  epoch: string;
  user: number;
  /** When its connection ended, in milliseconds since 1970, and for how long after that the tokens are good. */
  at: number;
  resumeMs: number;
  /** How far each room was heard. */
  seen: Seen[];
  /** The rooms to be in; those in `seen` among them. */
  rooms: number[];
  status: Status;
}

/** What one said in each room and did not see there yet. */
export type Outboxes = readonly (readonly [room: number, drafts: readonly Draft[]])[];

/** Refusals that pass: the same may work later on the same connection. */
const passing = new Set(['rate_limited', 'busy']);
/** Those of a join, which nothing waits for. */
const passingJoin = new Set([...passing, 'stopping', 'internal']);
/** The least time, in milliseconds, before a refused command is sent again. */
const leastRetry = 1000;
/** How many tokens are tried at most: each connection that broke off before `resumed` left one that may be the good one. */
const mostTokens = 8;
/** How often in a row the server may say that one is not in a room before it is believed. */
const mostStrays = 3;

/**
 * A session that survives its connections. It stays in every room that was entered and not left, resumes after a loss what
 * can be resumed, tells what cannot (docs/protocol.md, "Resume"), and keeps what one says until it is heard. Knows nothing
 * of the page.
 */
export class Client extends Emitter<ClientEvents> {
  readonly #link: Link;
  readonly #places = new Map<number, Place>();
  /** Also of rooms that are over: what was not sent can still be read there. */
  readonly #outboxes = new Map<number, Outbox>();
  readonly #status: StatusTeller;
  /** The hello of the connection that is open. */
  #hello: Hello | null = null;
  #epoch = '';
  #user = 0;
  /** Those that may bring the session back, newest first. */
  #tokens: string[] = [];
  /** For how long after the loss they may, in milliseconds. */
  #resumeMs = 0;
  /** When the connection was lost, in milliseconds since 1970, and how long the server may not have noticed that. */
  #lostAt = 0;
  #slack = 0;
  /** Whether it is decided that the session goes on or is a new one: only then rooms can be entered. */
  #settled = false;
  /** Rooms that the resumed session is in and that were not returned yet: nothing can be done in them. */
  readonly #coming = new Set<number>();

  constructor(options: LinkOptions) {
    super();
    this.#link = new Link(options);
    this.#status = new StatusTeller((asked, done) => {
      this.#link.ask(asked, done);
    });
    this.#link.on('connection', (connection) => {
      this.#moved(connection);
    });
    this.#link.on('frame', (frame) => {
      this.#take(frame);
    });
    this.#link.on('fault', (fault) => {
      this.emit('fault', fault);
    });
  }

  get connection(): Connection {
    return this.#link.connection;
  }

  /** Connects, and stays connected until `stop`. */
  start(): void {
    this.#link.start();
  }

  /** Ends the session and forgets all of it. */
  stop(): void {
    for (const outbox of this.#outboxes.values()) outbox.end();
    this.#outboxes.clear();
    this.#places.clear();
    this.#tokens = [];
    this.#epoch = '';
    this.#user = 0;
    this.#status.forget();
    this.#link.stop();
  }

  retryNow(): void {
    this.#link.retryNow();
  }

  nudge(): void {
    this.#link.nudge();
  }

  reconnect(): void {
    this.#link.reconnect();
  }

  /** What brings this session back in another client; null where nothing does. */
  keep(): Kept | null {
    if (this.#tokens.length === 0) return null;
    return {
      tokens: [...this.#tokens],
      epoch: this.#epoch,
      user: this.#user,
      at: this.#hello ? Date.now() : this.#lostAt,
      resumeMs: this.#resumeMs,
      seen: this.#seen(),
      rooms: [...this.#places.keys()],
      status: this.#status.wanted,
    };
  }

  /** Goes on with the session of another client, and with what that had to say; to be called before `start`. */
  restore(kept: Kept, outboxes: Outboxes = []): void {
    this.#tokens = kept.tokens.slice(0, mostTokens);
    this.#epoch = kept.epoch;
    this.#user = kept.user;
    this.#lostAt = kept.at;
    this.#resumeMs = kept.resumeMs;
    for (const room of kept.rooms) this.#places.set(room, new Place());
    for (const { room, seq } of kept.seen) {
      const place = this.#places.get(room);
      if (place) place.seq = seq;
    }
    this.#status.restore();
    for (const [room, drafts] of outboxes) this.#outbox(room).restore(drafts);
  }

  /** Enters the room, now or when connected, and stays in it. The outcome comes as `joined`, `returned` or `refused`. */
  join(room: number): void {
    if (this.#places.has(room)) return;
    this.#places.set(room, new Place());
    this.#enter(room);
  }

  /** Leaves the room, drops what was not sent there, and does not come back to it. */
  async leave(room: number): Promise<void> {
    const place = this.#places.get(room);
    this.#places.delete(room);
    this.#outboxes.get(room)?.end();
    this.#outboxes.delete(room);
    // A room that is not returned yet cannot be left yet: #returned does it.
    if (place?.state === 'inside' || place?.state === 'joining') await this.ask({ type: 'leave', room });
  }

  /** Says something in a room that one is in or comes back to; what becomes of it is told by `outbox`. */
  post(room: number, text: string, reply = 0, size = 0): void {
    if (this.#places.has(room)) this.#outbox(room).add(text, reply, size);
  }

  /** Sends a message again that failed. */
  retry(room: number, nonce: string): void {
    this.#outboxes.get(room)?.retry(nonce);
  }

  /** Forgets a message that was not sent. */
  discard(room: number, nonce: string): void {
    this.#outboxes.get(room)?.discard(nonce);
  }

  /** Tells the room that one is typing. Nothing comes of it where it is refused. */
  typing(room: number): void {
    if (this.#places.get(room)?.state === 'inside') this.#link.tell({ type: 'typing', room });
  }

  /** Tells the room how far one has seen. Nothing comes of it where it is refused. */
  see(room: number, seq: number): void {
    if (this.#places.get(room)?.state === 'inside') this.#link.tell({ type: 'seen', room, seq });
  }

  /** Sets the session's status, now and on every session that follows. */
  setStatus(status: Status): void {
    this.#status.set(status);
  }

  /** Asks for those inside, by name: the next page after the name. Rejects with CommandError or ConnectionLost. */
  async occupants(room: number, after: string): Promise<Occupants> {
    return (await this.ask({ type: 'occupants', room, after })) as Occupants;
  }

  /** Asks the server once, and gives its answer. Rejects with CommandError or ConnectionLost. */
  ask(asked: Asked): Promise<Frame> {
    return new Promise((resolve, reject) => {
      this.#link.ask(asked, (outcome) => {
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      });
    });
  }

  /** Does something after a while, if the connection is still the same. */
  #later(ms: number, what: () => void): void {
    const hello = this.#hello;
    setTimeout(
      () => {
        if (hello !== null && this.#hello === hello) what();
      },
      Math.max(ms, leastRetry),
    );
  }

  #seen(): Seen[] {
    return [...this.#places].filter(([, { known }]) => known).map(([room, { seq }]) => ({ room, seq }));
  }

  #outbox(room: number): Outbox {
    let outbox = this.#outboxes.get(room);
    if (!outbox) {
      outbox = new Outbox({
        send: ({ text, nonce, reply, size }, done) => {
          // What is 0 is left out.
          const more = { ...(reply && { reply }), ...(size && { size }) };
          this.#link.ask({ type: 'post', room, text, nonce, ...more }, done);
        },
        changed: (said) => {
          this.emit('outbox', { room, drafts: this.#outboxes.get(room)?.drafts ?? [], said });
        },
        stray: () => this.#stray(room),
      });
      this.#outboxes.set(room, outbox);
      if (this.#places.get(room)?.state === 'inside') outbox.open();
    }
    return outbox;
  }

  #moved(connection: Connection): void {
    const open = connection.phase === 'open';
    if (!open && this.#hello) this.#lost(connection);
    this.emit('connection', connection);
    // Whoever was told may have ended it.
    if (open && this.#link.connection === connection) this.#greeted(connection.hello);
  }

  #lost(connection: Connection): void {
    // The server may notice the loss later than this side, and counts from there; to ask in vain costs one frame.
    this.#slack = 2 * (this.#hello?.ping_ms ?? 0);
    this.#lostAt = Date.now();
    this.#hello = null;
    this.#settled = false;
    this.#coming.clear();
    this.#status.lost();
    // The session went on elsewhere: this one is to be a new one.
    if (connection.phase === 'waiting' && connection.code === 4002) this.#tokens = [];
    for (const place of this.#places.values()) place.state = 'absent';
    for (const outbox of this.#outboxes.values()) outbox.shut();
  }

  #greeted(hello: Hello): void {
    const restarted = this.#epoch !== '' && this.#epoch !== hello.epoch;
    const mine = this.#user === 0 || this.#user === hello.user.id;
    const inTime = Date.now() <= this.#lostAt + this.#resumeMs + this.#slack;
    this.#hello = hello;
    this.#epoch = hello.epoch;
    this.#user = hello.user.id;
    this.#resumeMs = hello.resume_ms;
    const older = this.#tokens;
    const known = this.#seen().length > 0;
    this.#tokens = hello.resume === '' ? [] : [hello.resume];
    if (restarted || !inTime || !mine || !known || older.length === 0) {
      this.#begin(restarted ? 'restart' : 'away');
      return;
    }
    this.#tokens = [...this.#tokens, ...older].slice(0, mostTokens);
    this.#resume(hello, older);
  }

  /** Tries to go on with the session, by one token after the other. */
  #resume(hello: Hello, [token, ...older]: string[]): void {
    if (token === undefined) {
      this.#begin('away');
      return;
    }
    this.#link.ask({ type: 'resume', token, seen: this.#seen() }, (outcome) => {
      if (outcome instanceof CommandError) this.#notResumed(hello, token, older, outcome);
      // If the connection is lost nobody knows which token is good: all of them stay.
      else if (!(outcome instanceof ConnectionLost)) this.#resumed(hello, outcome as Resumed);
    });
  }

  #notResumed(hello: Hello, token: string, older: string[], error: CommandError): void {
    if (passing.has(error.code)) {
      this.#later(error.retryMs, () => {
        this.#resume(hello, [token, ...older]);
      });
    } else if (error.code !== 'stopping') {
      this.#tokens = this.#tokens.filter((one) => one !== token);
      this.#resume(hello, older);
    }
  }

  #resumed(hello: Hello, { rooms }: Resumed): void {
    this.#tokens = [hello.resume];
    this.#settled = true;
    for (const room of rooms) this.#coming.add(room);
    for (const [room, place] of this.#places) {
      if (place.known && this.#coming.has(room)) {
        place.state = 'returning';
      } else {
        place.forget('away');
        this.#enter(room);
      }
    }
    this.#status.begin(false);
  }

  /** The session is a new one: what was said since the last one ended is lost. */
  #begin(why: Why): void {
    this.#tokens = this.#hello?.resume ? [this.#hello.resume] : [];
    this.#settled = true;
    for (const [room, place] of this.#places) {
      place.forget(why);
      this.#enter(room);
    }
    this.#status.begin(true);
  }

  #enter(room: number): void {
    const place = this.#places.get(room);
    if (!this.#settled || place?.state !== 'absent' || this.#coming.has(room)) return;
    place.state = 'joining';
    this.#link.ask({ type: 'join', room }, (outcome) => {
      // An entrance that was taken back meanwhile is of no interest.
      if (this.#places.get(room) !== place || outcome instanceof ConnectionLost) return;
      if (outcome instanceof CommandError) this.#unjoined(room, place, outcome);
      else this.#joined(place, outcome as Joined);
    });
  }

  #unjoined(room: number, place: Place, error: CommandError): void {
    if (!passingJoin.has(error.code)) {
      this.#over(room, error.message, error.code);
      this.emit('refused', { room, error });
      return;
    }
    place.state = 'absent';
    this.#later(error.retryMs, () => {
      this.#enter(room);
    });
  }

  /** The server says that one is not in a room that one seems to be in: it is entered anew. */
  #stray(room: number): boolean {
    const place = this.#places.get(room);
    if (!place || place.strays++ >= mostStrays) return false;
    if (place.state !== 'inside') return true;
    place.state = 'absent';
    place.forget('away');
    this.#outboxes.get(room)?.shut();
    this.#enter(room);
    return true;
  }

  /** Nothing follows in this room. */
  #over(room: number, why: string, code: string): void {
    this.#places.delete(room);
    this.#coming.delete(room);
    this.#outboxes.get(room)?.fail(why, code);
  }

  #take(frame: Frame): void {
    switch (frame.type) {
      case 'joined':
        // Is taken as the outcome of its join.
        return;
      case 'returned':
        this.#returned(frame);
        return;
      case 'message':
      case 'edited':
      case 'taken_back':
      case 'reaction':
      case 'entered':
      case 'departed':
      case 'changed':
      case 'closed':
        this.#event(frame);
        return;
      case 'removed':
        this.#over(frame.room, frame.message, frame.code);
    }
    this.emit('frame', frame);
  }

  #event(frame: Numbered): void {
    const { room, seq } = frame;
    const place = this.#places.get(room);
    if (place?.state !== 'inside') return;
    const { fresh, missing } = place.take(frame);
    if (missing > 0) this.#gap({ room, lost: missing, why: 'hole' }, seq - 1);
    if (fresh) this.emit('frame', frame);
    if (frame.type === 'message') {
      place.strays = 0;
      if (frame.user.id === this.#user) this.#outboxes.get(room)?.heard(frame.nonce);
    } else if (frame.type === 'closed' && fresh) {
      this.#over(room, '', 'deleted');
    }
  }

  /** Tells a gap, and first what one said oneself in it. Events up to `seq` do not come any more. */
  #gap(gap: Gap, seq: number): void {
    this.#outboxes.get(gap.room)?.settle(seq);
    this.emit('gap', gap);
  }

  #joined(place: Place, frame: Joined): void {
    const { room, seq } = frame;
    const { missed } = place;
    place.state = 'inside';
    place.seq = seq;
    place.missed = null;
    this.#outboxes.get(room)?.unreply();
    if (missed) this.#outboxes.get(room)?.settle(Infinity);
    this.emit('frame', frame);
    if (missed) this.emit('gap', { room, lost: 'unknown', why: missed });
    this.#outboxes.get(room)?.open();
  }

  #returned(frame: Returned): void {
    const { room, seq, lost } = frame;
    const place = this.#places.get(room);
    if (this.#coming.delete(room) && place?.state !== 'returning') {
      // Left meanwhile, and perhaps wanted again; that begins with `joined`.
      this.#link.ask({ type: 'leave', room }, () => {
        // Out by now, in any case.
      });
      this.#enter(room);
      return;
    }
    // It comes a second time, to one who is inside, if more was lost while the missed events were on their way.
    if (place?.state !== 'returning' && place?.state !== 'inside') return;
    place.state = 'inside';
    place.strays = 0;
    const from = place.seq + lost;
    // Numbers that do not fit are those of another room's life; then nobody knows what is missing.
    const odd = seq < from;
    place.seq = odd ? seq : from;
    this.emit('frame', frame);
    if (odd) this.#gap({ room, lost: 'unknown', why: 'hole' }, Infinity);
    else if (lost > 0) this.#gap({ room, lost, why: 'lost' }, from);
    this.#outboxes.get(room)?.open();
  }
}
