import { api, ApiError, sentence } from '../api';
import type { Me, Room as ListedRoom, Server } from '../api';
import { Client, NotSent } from '../client/client';
import type { Connection } from '../client/client';
import { CommandError } from '../client/commands';
import type { Frame } from '../client/frames';
import { forgetRoom, rememberedRooms, rememberRoom } from '../remember';
import type { Limits, User } from '../wire.gen';
import { emptyState, reduce } from './reduce';
import type { Action, ChatState, RoomState } from './types';

/** How often the list of rooms is asked for anew while the page is at the front, in milliseconds. */
const listEvery = 20_000;
/** So long, in milliseconds, a list is fresh: coming to the front is told by two events. */
const listFresh = 1000;
/** How often the room is told that one types, in milliseconds; the protocol counts each for 5 seconds. */
const typingEvery = 3000;

/** A name of one's own for a message. Not randomUUID: that is missing where the page comes over plain HTTP. */
function newNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What happens when the log-in turns out to have ended, or to be somebody else's by now. */
export interface Gone {
  loggedOut: () => void;
  other: () => void;
}

/** One log-in's conversation: the client, the state that its events make, and what a person can do. */
export class Chat {
  readonly me: Me;
  /** What was typed in a room and not sent; kept while the page is open, and nowhere else. */
  readonly drafts: Record<number, string | undefined> = {};
  readonly #client: Client;
  readonly #gone: Gone;
  #state = $state.raw<ChatState>(emptyState({ id: 0, name: '' }));
  #connection = $state.raw<Connection>({ phase: 'idle' });
  /** The rooms one may enter, as last asked for; null before the first answer. */
  #listing = $state.raw<readonly ListedRoom[] | null>(null);
  #listingError = $state('');
  #entering = $state.raw<readonly number[]>([]);
  #refusal = $state('');
  #limits = $state.raw<Limits | null>(null);
  readonly #server: Server;
  #queue: Action[] = [];
  #scheduled = false;
  #typed: Record<number, number> = {};
  #refreshed = 0;
  #stops: (() => void)[] = [];

  constructor(me: Me, server: Server, client: Client, gone: Gone) {
    this.me = me;
    this.#client = client;
    this.#gone = gone;
    this.#server = server;
    this.#state = emptyState({ id: me.id, name: me.username });
  }

  get connection(): Connection {
    return this.#connection;
  }
  get connected(): boolean {
    return this.#connection.phase === 'open';
  }
  get limits(): Limits {
    return this.#limits ?? this.#server.limits;
  }
  get listing(): readonly ListedRoom[] | null {
    return this.#listing;
  }
  get listingError(): string {
    return this.#listingError;
  }
  /** The rooms asked for and not yet entered. */
  get entering(): readonly number[] {
    return this.#entering;
  }
  /** Why the last room could not be entered; empty after it was read. */
  get refusal(): string {
    return this.#refusal;
  }
  get rooms(): readonly RoomState[] {
    return Object.values(this.#state.rooms);
  }
  get unread(): number {
    return this.rooms.reduce((sum, room) => sum + room.unread, 0);
  }

  room(id: number): RoomState | undefined {
    return this.#state.rooms[id];
  }

  start(): void {
    this.#stops = [
      this.#client.on('connection', (connection) => {
        this.#connected(connection);
      }),
      this.#client.on('frame', (frame) => {
        this.#queue.push({ type: 'frame', frame, now: Date.now() });
        this.#schedule();
      }),
      this.#client.on('refused', ({ room, error }) => {
        this.#refused(room, error.message);
      }),
    ];
    const list = setInterval(() => {
      void this.#refresh();
    }, listEvery);
    const tick = setInterval(() => {
      if (this.rooms.some((room) => room.typing.length > 0)) this.#do({ type: 'tick', now: Date.now() });
    }, 1000);
    const nudge = (): void => {
      if (!document.hidden) this.#client.nudge();
    };
    const front = (): void => {
      void this.#refresh();
    };
    addEventListener('online', nudge);
    document.addEventListener('visibilitychange', nudge);
    addEventListener('focus', front);
    document.addEventListener('visibilitychange', front);
    this.#stops.push(() => {
      clearInterval(list);
      clearInterval(tick);
      removeEventListener('online', nudge);
      document.removeEventListener('visibilitychange', nudge);
      removeEventListener('focus', front);
      document.removeEventListener('visibilitychange', front);
    });
    for (const room of rememberedRooms(this.me.id)) this.enter(room);
    this.#client.start();
    void this.list();
  }

  /** Ends the connection and forgets all that was said. */
  stop(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#client.stop();
    this.#queue = [];
    for (const room of Object.keys(this.drafts)) this.drafts[Number(room)] = undefined;
    this.#state = emptyState({ id: this.me.id, name: this.me.username });
  }

  retryNow(): void {
    this.#client.retryNow();
  }

  /** Asks for the list of rooms anew, of the one whose log-in this is: another tab may have logged in somebody else. */
  async #refresh(): Promise<void> {
    if (document.hidden || Date.now() - this.#refreshed < listFresh) return;
    this.#refreshed = Date.now();
    const stops = this.#stops;
    let who = this.me.id;
    try {
      who = (await api.me()).id;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) who = 0;
      // Any other trouble says nothing of the log-in.
    }
    if (stops !== this.#stops) return;
    if (who === this.me.id) await this.list();
    else if (who === 0) this.#gone.loggedOut();
    else this.#gone.other();
  }

  /** Asks for the list of rooms anew. */
  async list(): Promise<void> {
    try {
      this.#listing = await api.rooms();
      this.#listingError = '';
    } catch (error) {
      this.#listingError = sentence(error);
    }
  }

  enter(room: number): void {
    if (this.room(room)?.live) return;
    this.#refusal = '';
    if (!this.#entering.includes(room)) this.#entering = [...this.#entering, room];
    this.#client.join(room);
  }

  async leave(room: number): Promise<void> {
    this.#arrived(room);
    forgetRoom(this.me.id, room);
    this.#do({ type: 'forget', room });
    try {
      await this.#client.leave(room);
    } catch {
      // Without a connection one is out already; and a refusal says that one was not in.
    }
    await this.list();
  }

  dismissRefusal(): void {
    this.#refusal = '';
  }

  /** Which room is before the person's eyes; 0 for none. */
  look(room: number): void {
    if (this.#state.looking !== room) this.#do({ type: 'look', room });
  }

  post(room: number, text: string): void {
    this.#typed[room] = 0;
    const nonce = newNonce();
    this.#do({ type: 'post', room, nonce, text, now: Date.now() });
    if (this.room(room)?.live) void this.#send(room, nonce, text);
  }

  /** Sends a message again that failed, or that may not have arrived. */
  resend(room: number, nonce: string): void {
    const draft = this.room(room)?.outbox.find((one) => one.nonce === nonce);
    if (!draft) return;
    if (this.room(room)?.live) void this.#send(room, nonce, draft.text);
    else this.#do({ type: 'waiting', room, nonce });
  }

  discard(room: number, nonce: string): void {
    this.#do({ type: 'discard', room, nonce });
  }

  /** To be called at every key: tells the room now and then. */
  type(room: number): void {
    const now = Date.now();
    if (now - (this.#typed[room] ?? 0) < typingEvery) return;
    this.#typed[room] = now;
    this.#client.typing(room);
  }

  /** Asks for the next page of those inside. */
  async morePeople(id: number): Promise<void> {
    const room = this.room(id);
    if (!room?.more) return;
    const page = await this.#client.occupants(id, room.cursor);
    const { count, more } = page;
    const cursor = page.occupants.at(-1)?.name ?? room.cursor;
    const { stale } = room;
    this.#do({
      type: 'people',
      room: id,
      people: page.occupants,
      count,
      more,
      cursor,
      stale,
      replace: false,
    });
  }

  /** Asks anew for as many as are shown: somebody came or went without being named. */
  async relist(id: number): Promise<void> {
    const before = this.room(id);
    if (!before) return;
    const people: User[] = [];
    let cursor = '';
    for (;;) {
      const page = await this.#client.occupants(id, cursor);
      people.push(...page.occupants);
      cursor = page.occupants.at(-1)?.name ?? cursor;
      const done = !page.more || page.occupants.length === 0;
      if (!done && people.length < before.people.length) continue;
      this.#flush();
      // Who came or went between two pages may be missing: then it is asked again.
      const stale = this.room(id)?.people !== before.people;
      this.#do({
        type: 'people',
        room: id,
        people,
        count: page.count,
        more: !done,
        cursor,
        stale,
        replace: true,
      });
      return;
    }
  }

  async #send(room: number, nonce: string, text: string): Promise<void> {
    this.#do({ type: 'sending', room, nonce });
    try {
      await this.#client.post(room, text, nonce);
    } catch (error) {
      if (error instanceof NotSent) this.#do({ type: 'waiting', room, nonce });
      else if (error instanceof CommandError) this.#do({ type: 'failed', room, nonce, error: error.message });
      // A lost connection was told to the state before: the message is unsure by now.
    }
  }

  #connected(connection: Connection): void {
    const was = this.#connection;
    this.#connection = connection;
    if (was.phase === 'open') this.#do({ type: 'lost', now: Date.now() });
    if (connection.phase === 'open') {
      const { hello } = connection;
      if (hello.user.id !== this.me.id) {
        this.#gone.other();
        return;
      }
      this.#limits = hello.limits;
      void this.list();
    }
    if (connection.phase === 'ended' && connection.why === 'login') this.#gone.loggedOut();
  }

  #refused(room: number, error: string): void {
    this.#arrived(room);
    forgetRoom(this.me.id, room);
    // A room that was not open in the page has no place of its own to say it.
    if (this.room(room)) this.#do({ type: 'refused', room, error, now: Date.now() });
    else this.#refusal = error;
  }

  #arrived(room: number): void {
    if (this.#entering.includes(room)) this.#entering = this.#entering.filter((id) => id !== room);
  }

  /** Events are taken together once a frame, so that a thousand a second cost sixty renderings. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const flush = (): void => {
      if (this.#scheduled) this.#flush();
    };
    requestAnimationFrame(flush);
    // A page in the background is given no frames.
    setTimeout(flush, 200);
  }

  #flush(): void {
    this.#scheduled = false;
    const queue = this.#queue;
    this.#queue = [];
    this.#state = queue.reduce(reduce, this.#state);
    for (const action of queue) if (action.type === 'frame') this.#after(action.frame);
  }

  /** What follows from a frame beyond the state. */
  #after(frame: Frame): void {
    if (frame.type === 'joined') {
      this.#arrived(frame.room);
      rememberRoom(this.me.id, frame.room);
      for (const draft of this.room(frame.room)?.outbox ?? []) {
        if (draft.stage === 'waiting') void this.#send(frame.room, draft.nonce, draft.text);
      }
    } else if (frame.type === 'closed' || frame.type === 'removed') {
      forgetRoom(this.me.id, frame.room);
      void this.list();
    }
  }

  #do(action: Action): void {
    this.#flush();
    this.#state = reduce(this.#state, action);
  }
}
