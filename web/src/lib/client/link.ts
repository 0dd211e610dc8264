import { Subprotocol } from '../wire.gen';
import type { Hello } from '../wire.gen';
import { verdictOf, waitFor } from './backoff';
import { Commands } from './commands';
import type { Asked, Done } from './commands';
import { ConnectionLost } from './errors';
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

export interface LinkOptions {
  /** The socket's address, ws: or wss:. */
  url: string;
  /** Looks whether the server answers and whether the log-in still holds. */
  check: () => Promise<Check>;
  /** Makes a socket; the browser's own unless a test brings one. */
  connect?: (url: string, protocol: string) => Socket;
  /** Loads what goes another way than a socket, for where that does not get through. Without it there is no other way. */
  detour?: () => Promise<() => Socket>;
  /** Gives a number from 0 up to 1. */
  random?: () => number;
}

export interface LinkEvents {
  connection: Connection;
  /** Every frame after hello, answers included, in the order in which they came. */
  frame: Frame;
  /** A frame that was ignored. Its content is not told: it may be something said. */
  fault: { what: 'broken' | 'unknown' };
}

/** How long a connection may take to say hello, in milliseconds. */
const helloWait = 10_000;
/** A connection that held this long, in milliseconds, makes the next waits short again. */
const heldLong = 10_000;
/** After how many sockets in a row that did not open, though the server answers, the detour is taken. */
const socketTries = 2;
/** For how long, in milliseconds, the detour is taken before a new connection is tried as a socket again. */
const detourTime = 30 * 60_000;
/** How long `nudge` waits for a sign of life, in milliseconds. */
const nudgeWait = 5_000;

/** One connection to the server, kept up: it comes back by itself as the close codes say. Knows nothing of rooms. */
export class Link extends Emitter<LinkEvents> {
  readonly #options: Required<Omit<LinkOptions, 'detour'>> & Pick<LinkOptions, 'detour'>;
  #connection: Connection = { phase: 'idle' };
  #socket: Socket | null = null;
  readonly #commands = new Commands();
  #tries = 0;
  /** How many sockets in a row did not open although the server answers, and when the last one was tried. */
  #blocked = 0;
  #triedAt = 0;
  /** The connection is the detour's. */
  #around = false;
  #openedAt = 0;
  #heardAt = 0;
  /** What the server asked for when it said that it stops; -1 where it did not. */
  #spread = -1;
  /** The running timer is the one of `#listen`, which looks at `#heardAt`. */
  #listening = false;
  #wait: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LinkOptions) {
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

  /** Ends the connection by its code 1000, which ends the session with it. */
  stop(): void {
    clearTimeout(this.#wait);
    this.#drop(1000);
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

  /** Connects anew, whatever the socket says of itself: a browser that put the page away has closed it unheard. */
  reconnect(): void {
    if (this.#connection.phase !== 'idle' && this.#connection.phase !== 'ended') this.#connect();
  }

  /** Sends a command; without a connection its outcome is ConnectionLost at once. */
  ask(asked: Asked, done: Done): void {
    // While the outcomes of lost commands are told, the phase is still the old one.
    if (this.#connection.phase !== 'open' || !this.#socket) done(new ConnectionLost());
    else this.#send(this.#commands.ask(asked, done));
  }

  /** Sends a command that is not answered, or nothing where there is no connection. */
  tell(asked: Asked): void {
    if (this.#connection.phase === 'open') this.#send(asked);
  }

  #send(command: object): void {
    // A socket that is closing throws nothing and sends nothing; its close event settles what waits.
    this.#socket?.send(JSON.stringify(command));
  }

  #become(connection: Connection): void {
    this.#connection = connection;
    this.emit('connection', connection);
  }

  #connect(): void {
    clearTimeout(this.#wait);
    this.#drop();
    const connecting = { phase: 'connecting', tries: this.#tries } as const;
    this.#become(connecting);
    // Whoever was told may have ended it.
    if (this.#connection !== connecting) return;
    this.#openedAt = 0;
    this.#spread = -1;
    this.#beat = setTimeout(() => {
      this.#lost(0);
    }, helloWait);
    const { detour } = this.#options;
    this.#around = this.#blocked >= socketTries && Date.now() - this.#triedAt < detourTime;
    if (this.#around && detour) {
      const here = (connect: () => Socket): void => {
        if (this.#connection === connecting) this.#use(connect());
      };
      const failed = (): void => {
        if (this.#connection === connecting) this.#lost(0);
      };
      detour().then(here, failed);
      return;
    }
    this.#triedAt = Date.now();
    let socket: Socket;
    try {
      socket = this.#options.connect(this.#options.url, Subprotocol);
    } catch {
      // A browser may refuse the address itself, under a policy that does not know it.
      this.#drop();
      this.#become({ phase: 'ended', why: 'never', code: 0 });
      return;
    }
    this.#use(socket);
  }

  #use(socket: Socket): void {
    this.#socket = socket;
    socket.onmessage = (event) => {
      if (socket === this.#socket) this.#hear(event.data);
    };
    socket.onclose = ({ code }) => {
      if (socket === this.#socket) this.#lost(code);
    };
  }

  /** Lets go of the socket, whatever state it is in: what still comes from it is not listened to. */
  #drop(code?: number): void {
    clearTimeout(this.#beat);
    this.#listening = false;
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onmessage = socket.onclose = null;
      socket.close(code);
    }
    this.#commands.lose();
  }

  #lost(code: number): void {
    const open = this.#openedAt > 0;
    if (open && Date.now() - this.#openedAt >= heldLong) this.#tries = 0;
    this.#openedAt = 0;
    const verdict = verdictOf(code);
    if (verdict === 'login' || verdict === 'never') {
      this.#drop();
      this.#become({ phase: 'ended', why: verdict, code });
      return;
    }
    if (open) {
      this.#schedule(code);
      return;
    }
    this.#drop();
    // The handshake failed, and the browser does not say why: the log-in may have ended meanwhile.
    const mine = this.#connection;
    void this.#options.check().then((found) => {
      if (this.#connection !== mine) return;
      if (found === 'ok') this.#passed(code);
      if (found === 'login') this.#become({ phase: 'ended', why: 'login', code });
      else this.#schedule(found === 'unreachable' ? 0 : code);
    });
  }

  /** The server answers, and no connection came about: whether it is the way to it that is blocked. */
  #passed(code: number): void {
    // A server that gives a code of its own was reached.
    if (!this.#options.detour || (code !== 0 && code !== 1006)) return;
    // A detour that leads nowhere either is taken in turns with the socket. A socket of which nothing was heard in all
    // that time need not be waited for twice.
    if (this.#around) this.#blocked = socketTries - 1;
    else this.#blocked += code === 0 ? socketTries : 1;
  }

  #schedule(code: number): void {
    const wait = waitFor(verdictOf(code), this.#tries, this.#options.random, this.#spread);
    this.#tries++;
    this.#wait = setTimeout(() => {
      this.#connect();
    }, wait);
    const waiting = { phase: 'waiting', until: Date.now() + wait, tries: this.#tries, code } as const;
    this.#drop();
    this.#become(waiting);
  }

  #hear(data: unknown): void {
    if (this.#connection.phase === 'open') this.#listen(this.#connection.hello.ping_ms);
    const parsed = parseFrame(data);
    if ('fault' in parsed) {
      this.emit('fault', { what: parsed.fault });
      return;
    }
    const { frame } = parsed;
    if (frame.type === 'hello') {
      this.#greeted(frame);
    } else if (this.#connection.phase === 'open') {
      if (frame.type === 'stopping') this.#spread = frame.return_ms;
      // First the event, then the outcome: whoever waits for an answer finds the state as it is after it.
      this.emit('frame', frame);
      this.#commands.answer(frame);
    }
  }

  #greeted(hello: Hello): void {
    if (this.#connection.phase !== 'connecting') return;
    if (hello.protocol !== Subprotocol) {
      this.#drop(1000);
      this.#become({ phase: 'ended', why: 'never', code: 0 });
      return;
    }
    this.#openedAt = Date.now();
    if (!this.#around) this.#blocked = 0;
    this.#listen(hello.ping_ms);
    this.#become({ phase: 'open', hello });
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
      // By a clock that was put back nothing was heard for how long nobody knows.
      const due = rest <= 0 || rest > patience;
      this.#beat = due ? undefined : setTimeout(look, rest);
      if (due) this.#probe(expected / 2);
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
    this.ask({ type: 'ping' }, () => {
      // That anything was heard is what counts; an outcome of its own it has not.
    });
  }
}
