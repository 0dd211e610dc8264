import { Subprotocol } from '../wire.gen';
import type { Hello, Occupants, Posted } from '../wire.gen';
import { verdictOf, waitFor } from './backoff';
import { CommandError, Commands, ConnectionLost } from './commands';
import type { Asked } from './commands';
import { Emitter } from './emitter';
import { parseFrame } from './frames';
import type { Frame } from './frames';

/** Where the connection stands. `code` is the close code that led there; 0 where no connection came about. */
export type Connection =
  | { phase: 'idle' }
  | { phase: 'connecting'; tries: number }
  | { phase: 'open'; hello: Hello }
  /** `until` is when the next try comes, in milliseconds since 1970. */
  | { phase: 'waiting'; until: number; tries: number; code: number }
  /** No further try comes by itself: log in first, or mend the page. */
  | { phase: 'ended'; why: 'login' | 'never'; code: number };

/** What a look at the server over HTTP tells: a browser is not told why a WebSocket was refused. */
export type Check = 'ok' | 'login' | 'unreachable';

/** What of a WebSocket the client uses. */
export interface Socket {
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(data: string): void;
  close(code?: number): void;
}

export interface ClientOptions {
  /** The socket's address, ws: or wss:. */
  url: string;
  /** Looks whether the server answers and whether the log-in still holds. */
  check: () => Promise<Check>;
  /** Makes a socket; the browser's own unless a test brings one. */
  connect?: (url: string, protocol: string) => Socket;
  /** Gives a number from 0 up to 1. */
  random?: () => number;
}

export interface ClientEvents {
  connection: Connection;
  /** Every frame after hello, answers included, in the order in which they came. */
  frame: Frame;
  /** A room cannot be entered, and is not tried again. */
  refused: { room: number; error: CommandError };
  /** A frame that was ignored. Its content is not told: it may be something said. */
  fault: { what: 'broken' | 'unknown' };
}

/** The post was never handed to a connection: sending it later cannot double it. */
export class NotSent extends Error {
  constructor() {
    super('There is no connection to send on.');
    this.name = 'NotSent';
  }
}

/** How long a connection may take to say hello, in milliseconds. */
const helloWait = 10_000;
/** A connection that held this long, in milliseconds, makes the next waits short again. */
const heldLong = 10_000;
/** How long `nudge` waits for a sign of life, in milliseconds. */
const nudgeWait = 5_000;
/** Refusals that pass: the same join may work later. */
const passing = new Set(['rate_limited', 'busy', 'stopping', 'internal']);

type State = 'joining' | 'inside';

/**
 * One connection to the server, kept up: it comes back by itself as the close codes say, and re-enters every room that was
 * entered and not left. Knows nothing of the page.
 */
export class Client extends Emitter<ClientEvents> {
  readonly #options: Required<ClientOptions>;
  #connection: Connection = { phase: 'idle' };
  #socket: Socket | null = null;
  #commands = new Commands();
  /** The rooms to be in, and how far that is on the present connection. */
  readonly #rooms = new Map<number, State | null>();
  #tries = 0;
  #openedAt = 0;
  #heardAt = 0;
  /** The running timer is the one of `#listen`, which looks at `#heardAt`. */
  #listening = false;
  #wait: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ClientOptions) {
    super();
    this.#options = {
      connect: (url, protocol) => new WebSocket(url, protocol),
      random: Math.random,
      ...options,
    };
  }

  get connection(): Connection {
    return this.#connection;
  }

  /** Connects, and stays connected until `stop`. */
  start(): void {
    if (this.#connection.phase === 'idle' || this.#connection.phase === 'ended') this.#connect();
  }

  /** Ends the connection and forgets the rooms. */
  stop(): void {
    clearTimeout(this.#wait);
    this.#drop(1000);
    this.#rooms.clear();
    this.#tries = 0;
    this.#become({ phase: 'idle' });
  }

  /** Tries at once instead of waiting. */
  retryNow(): void {
    if (this.#connection.phase === 'waiting') this.#connect();
  }

  /**
   * Looks at once whether the connection still lives: for the moment when the machine wakes, the network changes or the
   * page comes to the front.
   */
  nudge(): void {
    if (this.#connection.phase === 'waiting') this.#connect();
    else if (this.#connection.phase === 'open') this.#probe(nudgeWait);
  }

  /** Enters the room, now or when connected, and again after every reconnect. The outcome comes as `joined` or `refused`. */
  join(room: number): void {
    if (this.#rooms.get(room)) return;
    this.#rooms.set(room, null);
    if (this.#connection.phase === 'open') this.#enter(room);
  }

  /** Leaves the room and does not come back to it. */
  async leave(room: number): Promise<void> {
    const inside = this.#rooms.get(room);
    this.#rooms.delete(room);
    if (inside) await this.#ask({ type: 'leave', room });
  }

  /** Says something. Rejects with NotSent, with ConnectionLost (nobody knows whether it was heard) or CommandError. */
  async post(room: number, text: string, nonce: string): Promise<Posted> {
    if (this.#rooms.get(room) !== 'inside') throw new NotSent();
    return (await this.#ask({ type: 'post', room, text, nonce })) as Posted;
  }

  /** Tells the room that one is typing. Nothing comes of it where it is refused. */
  typing(room: number): void {
    if (this.#rooms.get(room) === 'inside') this.#send(JSON.stringify({ type: 'typing', room }));
  }

  /** Asks for those inside, by name: the next page after the name. */
  async occupants(room: number, after: string): Promise<Occupants> {
    return (await this.#ask({ type: 'occupants', room, after })) as Occupants;
  }

  async #ask(asked: Asked): Promise<Frame> {
    if (this.#connection.phase !== 'open') throw new NotSent();
    const { command, answer } = this.#commands.ask(asked);
    this.#send(JSON.stringify(command));
    return answer;
  }

  #send(text: string): void {
    // A socket that is closing throws nothing and sends nothing; its close event settles what waits.
    this.#socket?.send(text);
  }

  #become(connection: Connection): void {
    this.#connection = connection;
    this.emit('connection', connection);
  }

  #connect(): void {
    clearTimeout(this.#wait);
    this.#drop();
    this.#become({ phase: 'connecting', tries: this.#tries });
    let socket: Socket;
    try {
      socket = this.#options.connect(this.#options.url, Subprotocol);
    } catch {
      // A browser may refuse the address itself, under a policy that does not know it.
      this.#become({ phase: 'ended', why: 'never', code: 0 });
      return;
    }
    this.#socket = socket;
    this.#openedAt = 0;
    socket.onmessage = (event) => {
      if (socket === this.#socket) this.#hear(event.data);
    };
    socket.onclose = ({ code }) => {
      if (socket === this.#socket) this.#lost(code);
    };
    this.#beat = setTimeout(() => {
      this.#lost(0);
    }, helloWait);
  }

  /** Lets go of the socket, whatever state it is in: what still comes from it is not listened to. */
  #drop(code?: number): void {
    clearTimeout(this.#beat);
    this.#listening = false;
    const socket = this.#socket;
    this.#socket = null;
    for (const room of this.#rooms.keys()) this.#rooms.set(room, null);
    this.#commands.lose();
    if (socket) {
      socket.onmessage = socket.onclose = null;
      socket.close(code);
    }
  }

  #lost(code: number): void {
    const open = this.#openedAt > 0;
    if (open && Date.now() - this.#openedAt >= heldLong) this.#tries = 0;
    this.#drop();
    const verdict = verdictOf(code);
    if (verdict === 'login' || verdict === 'never') {
      this.#become({ phase: 'ended', why: verdict, code });
      return;
    }
    if (open) {
      this.#schedule(code);
      return;
    }
    // The handshake failed, and the browser does not say why: the log-in may have ended meanwhile.
    const mine = this.#connection;
    void this.#options.check().then((found) => {
      if (this.#connection !== mine) return;
      if (found === 'login') this.#become({ phase: 'ended', why: 'login', code });
      else this.#schedule(found === 'unreachable' ? 0 : code);
    });
  }

  #schedule(code: number): void {
    const wait = waitFor(verdictOf(code), this.#tries, this.#options.random);
    this.#tries++;
    this.#become({ phase: 'waiting', until: Date.now() + wait, tries: this.#tries, code });
    this.#wait = setTimeout(() => {
      this.#connect();
    }, wait);
  }

  #hear(data: unknown): void {
    if (this.#connection.phase === 'open') this.#listen(this.#connection.hello.ping_ms);
    const parsed = parseFrame(data);
    if ('fault' in parsed) {
      this.emit('fault', { what: parsed.fault });
      return;
    }
    const { frame } = parsed;
    if (frame.type === 'hello') this.#greeted(frame);
    else if (this.#connection.phase === 'open') this.#take(frame);
  }

  #greeted(hello: Hello): void {
    if (this.#connection.phase !== 'connecting') return;
    if (hello.protocol !== Subprotocol) {
      this.#drop(1000);
      this.#become({ phase: 'ended', why: 'never', code: 0 });
      return;
    }
    this.#openedAt = Date.now();
    this.#listen(hello.ping_ms);
    this.#become({ phase: 'open', hello });
    for (const room of this.#rooms.keys()) this.#enter(room);
  }

  #take(frame: Frame): void {
    if (frame.type === 'joined' && this.#rooms.has(frame.room)) this.#rooms.set(frame.room, 'inside');
    if (frame.type === 'closed' || frame.type === 'removed') this.#rooms.delete(frame.room);
    // First the event, then the promise: whoever awaits an answer finds the state as it is after it.
    this.emit('frame', frame);
    this.#commands.answer(frame);
  }

  #enter(room: number): void {
    if (this.#rooms.get(room) !== null) return;
    this.#rooms.set(room, 'joining');
    this.#ask({ type: 'join', room }).catch((error: unknown) => {
      if (!(error instanceof CommandError) || this.#rooms.get(room) !== 'joining') return;
      if (passing.has(error.code)) {
        this.#rooms.set(room, null);
        const socket = this.#socket;
        setTimeout(
          () => {
            if (socket === this.#socket) this.#enter(room);
          },
          Math.max(error.retryMs, 1000),
        );
        return;
      }
      this.#rooms.delete(room);
      this.emit('refused', { room, error });
    });
  }

  /**
   * Something was heard. The server sends something at least every `pingMs`; after half as long again the client asks for a
   * sign of life, and a connection that stays silent until twice that time is dead, whatever the socket says of itself.
   */
  #listen(pingMs: number): void {
    this.#heardAt = Date.now();
    const expected = Math.max(pingMs, 1000);
    const patience = expected * 1.5;
    const look = (): void => {
      // A timer is not set anew at each of a thousand frames a second; it looks how long ago the last one was.
      const rest = this.#heardAt + patience - Date.now();
      this.#beat = rest > 0 ? setTimeout(look, rest) : undefined;
      if (rest <= 0) this.#probe(expected / 2);
    };
    if (!this.#listening) {
      clearTimeout(this.#beat);
      this.#listening = true;
      this.#beat = setTimeout(look, patience);
    }
  }

  #probe(patience: number): void {
    clearTimeout(this.#beat);
    this.#listening = false;
    this.#beat = setTimeout(() => {
      this.#lost(4001);
    }, patience);
    this.#ask({ type: 'ping' }).catch((error: unknown) => {
      if (!(error instanceof CommandError || error instanceof ConnectionLost)) throw error;
    });
  }
}
