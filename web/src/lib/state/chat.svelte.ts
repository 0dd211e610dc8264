import { api, ApiError, sentence } from '../api';
import type { Me, Room as ListedRoom, Server } from '../api';
import type { Kept } from '../client/client';
import type { Asked } from '../client/commands';
import type { Frame } from '../client/frames';
import type { Connection } from '../client/link';
import type { Draft } from '../client/outbox';
import type { AnyClient } from '../client/remote';
import type { Status } from '../client/status';
import { faces } from '../faces.svelte';
import { because } from '../i18n/problems';
import { Choices, counted } from '../notice/choices.svelte';
import { preferences } from '../preferences.svelte';
import { forgetRoom, rememberedRooms, rememberRoom } from '../remember';
import { unfind } from '../text';
import type { Limits, Occupants } from '../wire.gen';
import type { Presence } from './presence';
import { Pulse } from './pulse';
import { emptyState, reduce, reduceAll } from './reduce';
import type { Action, Aim, ChatState, RoomState } from './types';

/** How often the list of rooms is asked for anew while the page is at the front, in milliseconds. */
const listEvery = 20_000;
/** So long, in milliseconds, a list is fresh: coming to the front is told by two events. */
const listFresh = 1000;
/** How often the room is told that one types, in milliseconds; the protocol counts each for 5 seconds. */
const typingEvery = 3000;

/** Why a message was not sent, in the page's language. */
const explained = (draft: Draft): Draft =>
  draft.code === undefined ? draft : { ...draft, error: because(draft.code, draft.error) };

/** What happens when the log-in turns out to have ended, or to be somebody else's by now. */
export interface Gone {
  loggedOut: () => void;
  other: () => void;
}

/** One log-in's conversation: the client, the state that its events make, and what a person can do. */
export class Chat {
  readonly me: Me;
  readonly choices: Choices;
  /** What was typed in a room and not sent; kept while the page is open, and nowhere else. */
  readonly drafts: Record<number, string | undefined> = $state({});
  readonly #client: AnyClient;
  readonly #gone: Gone;
  /** Sees whether the person is there; comes with what notices. */
  #presence: Presence | null = null;
  /** What was asked for; active leaves it to what the person does. */
  #chosen = $state<Status>('active');
  #state = $state.raw<ChatState>(emptyState({ id: 0, name: '' }));
  /** What the next text of a room is about, where it is about a message. */
  #aims = $state.raw<Readonly<Record<number, Aim | null>>>({});
  #connection = $state.raw<Connection>({ phase: 'idle' });
  /** The rooms one may enter, as last asked for; null before the first answer. */
  #listing = $state.raw<readonly ListedRoom[] | null>(null);
  #listingError = $state('');
  #entering = $state.raw<readonly number[]>([]);
  #refusal = $state('');
  #limits = $state.raw<Limits | null>(null);
  readonly #server: Server;
  #queue: Action[] = [];
  readonly #pulse = new Pulse(() => {
    this.#flush();
  });
  #typed: Record<number, number> = {};
  #refreshed = 0;
  #stops: (() => void)[] = [];

  constructor(me: Me, server: Server, client: AnyClient, gone: Gone) {
    this.me = me;
    this.choices = new Choices(me.id);
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
  /** Whether one asked not to be disturbed. */
  get quiet(): boolean {
    return this.#chosen === 'dnd';
  }
  get rooms(): readonly RoomState[] {
    return Object.values(this.#state.rooms);
  }
  /** How many messages were not looked at, of those that count: what is meant for oneself is among them. */
  get unread(): number {
    return this.rooms.reduce((sum, room) => sum + this.counted(room).unread, 0);
  }

  /** What was not looked at in a room, as its level counts it. */
  counted(room: RoomState): { unread: number; mentions: number } {
    return counted(room, this.choices.level(room.id));
  }

  /** The room that is before the person's eyes now; 0 for none. */
  get looking(): number {
    return this.#state.looking;
  }

  room(id: number): RoomState | undefined {
    return this.#state.rooms[id];
  }

  aim(room: number): Aim | null {
    return this.#aims[room] ?? null;
  }

  /** Says what the next text of a room is about; null for nothing. */
  aimAt(room: number, aim: Aim | null): void {
    this.#aims = { ...this.#aims, [room]: aim };
  }

  /** Whether the server may still let a message be changed that was said then, by its clock. */
  inTime(at: number): boolean {
    return Date.now() - this.#state.skew - at < this.#server.resume_ms;
  }

  /** Connects. `kept` is what the page before this one left, if it was the same person's: its session goes on. */
  start(kept: Kept | null = null): void {
    this.#stops = [
      this.#client.on('connection', (connection) => {
        this.#connected(connection);
      }),
      this.#client.on('frame', (frame) => {
        this.#later({ type: 'frame', frame, now: Date.now() });
      }),
      this.#client.on('gap', (gap) => {
        this.#later({ type: 'gap', ...gap, now: Date.now() });
      }),
      this.#client.on('outbox', (outbox) => {
        this.#later({ type: 'outbox', ...outbox, drafts: outbox.drafts.map(explained) });
      }),
      this.#client.on('refused', ({ room, error }) => {
        this.#refused(room, sentence(error));
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
    const following = this.choices.watch();
    addEventListener('online', nudge);
    document.addEventListener('visibilitychange', nudge);
    addEventListener('focus', front);
    document.addEventListener('visibilitychange', front);
    this.#stops.push(() => {
      following();
      clearInterval(list);
      clearInterval(tick);
      removeEventListener('online', nudge);
      document.removeEventListener('visibilitychange', nudge);
      removeEventListener('focus', front);
      document.removeEventListener('visibilitychange', front);
    });
    if (kept) this.#client.restore(kept);
    // It holds in all tabs, and for a page that is opened tomorrow.
    this.follow();
    for (const room of kept?.rooms ?? rememberedRooms(this.me.id)) this.enter(room);
    this.#client.start();
    void this.list();
  }

  /** Ends the connection and forgets all that was said. */
  stop(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#client.stop();
    this.#pulse.stop();
    this.#queue = [];
    for (const room of Object.keys(this.drafts)) this.drafts[Number(room)] = undefined;
    this.#aims = {};
    this.#state = emptyState({ id: this.me.id, name: this.me.username });
  }

  retryNow(): void {
    this.#client.retryNow();
  }

  /** What a page loaded anew needs to go on; null where there is nothing to go on with. */
  keep(): Kept | null {
    return this.#client.keep();
  }

  /** The browser had put the page away, and brought it back as it was. */
  async wake(): Promise<void> {
    this.#client.reconnect();
    // Whoever sits here now may be somebody else.
    this.#refreshed = 0;
    await this.#refresh();
  }

  setQuiet(quiet: boolean): void {
    this.setStatus(quiet ? 'dnd' : 'active');
  }

  /** Tells others a status, until another is chosen; active is told of whoever is at the page. */
  setStatus(status: Status): void {
    const quiet = status === 'dnd';
    if (quiet !== (this.choices.now.quiet !== 0)) this.choices.change({ quiet: quiet ? -1 : 0 });
    this.#chosen = status;
    if (this.#presence) this.#presence.choose(status);
    else this.tellStatus(status);
  }

  /** Tells others how one is now. */
  tellStatus(status: Status): void {
    this.#client.setStatus(status);
  }

  /** Leaves it to `presence` what others are told. */
  attend(presence: Presence): void {
    this.#presence = presence;
    presence.choose(this.#chosen);
  }

  /** Does as was chosen, maybe in another tab: asks not to be disturbed, or no longer. */
  follow(): void {
    const quiet = this.choices.now.quiet !== 0;
    if (quiet !== this.quiet) this.setQuiet(quiet);
  }

  /** Asks for the list of rooms anew, of the one whose log-in this is: another tab may have logged in somebody else. */
  async #refresh(): Promise<void> {
    // A clock that was put back must not make it wait until it is as late again.
    if (document.hidden || Math.abs(Date.now() - this.#refreshed) < listFresh) return;
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
    this.drafts[room] = undefined;
    this.aimAt(room, null);
    await this.list();
  }

  dismissRefusal(): void {
    this.#refusal = '';
  }

  /** Which room is before the person's eyes; 0 for none. */
  look(room: number): void {
    if (this.#state.looking !== room) this.#do({ type: 'look', room });
  }

  /** All in all rooms was read. */
  readAll(): void {
    for (const room of this.rooms) this.#do({ type: 'read', room: room.id });
  }

  /** All in a room was read: nothing in it is marked as new. */
  settle(room: number): void {
    this.#do({ type: 'spoke', room });
  }

  /** Says something, in answer to what was aimed at, and as loud as `size`; it goes out as soon as it can. */
  post(room: number, text: string, size = 0): void {
    this.#typed[room] = 0;
    this.#do({ type: 'spoke', room });
    const aim = this.aim(room);
    const reply = aim?.kind === 'reply' && aim.key >= (this.room(room)?.reach ?? 0) ? aim.seq : 0;
    this.#client.post(room, text, reply, size);
    this.aimAt(room, null);
    this.#flush();
  }

  /** Asks the server once, and gives its answer. Rejects with CommandError or ConnectionLost. */
  ask(asked: Asked): Promise<Frame> {
    return this.#client.ask(asked);
  }

  /** Tells the room how far one has seen. */
  see(room: number, seq: number): void {
    this.#client.see(room, seq);
  }

  /** Shows one's own reaction as it is wanted, or as it was answered. */
  reacts(room: number, of: number, emoji: string, on: boolean, wish: boolean | undefined): void {
    this.#do({ type: 'react', room, of, emoji, on, wish });
  }

  /** Takes all that was said out of the view. */
  clear(room: number): void {
    this.aimAt(room, null);
    this.#do({ type: 'clear', room, now: Date.now() });
  }

  /** Sends a message again that failed. */
  resend(room: number, nonce: string): void {
    this.#client.retry(room, nonce);
    this.#flush();
  }

  discard(room: number, nonce: string): void {
    this.#client.discard(room, nonce);
    this.#flush();
  }

  /** To be called at every key: tells the room now and then. */
  type(room: number): void {
    const now = Date.now();
    if (preferences.get('typing') === 'hide' || Math.abs(now - (this.#typed[room] ?? 0)) < typingEvery)
      return;
    this.#typed[room] = now;
    this.#client.typing(room);
  }

  /** Asks for those inside, by name: the next page after the name. */
  occupants(room: number, after: string): Promise<Occupants> {
    return this.#client.occupants(room, after);
  }

  /** Shows those inside as `found` says, once all that happened before is taken. */
  people(found: () => Extract<Action, { type: 'people' }>): void {
    this.#flush();
    this.#do(found());
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

  /** Events are taken together, at most once a frame, so that a thousand a second cost sixty renderings. */
  #later(action: Action): void {
    this.#queue.push(action);
    this.#pulse.call();
  }

  #flush(): void {
    const queue = this.#queue;
    this.#queue = [];
    if (queue.length > 0) this.#state = reduceAll(this.#state, queue);
    unfind();
    for (const action of queue) if (action.type === 'frame') this.#after(action.frame);
  }

  /** What follows from a frame beyond the state. */
  #after(frame: Frame): void {
    faces.heard(frame);
    if (frame.type === 'joined' || frame.type === 'returned') {
      this.#arrived(frame.room);
      rememberRoom(this.me.id, frame.room);
    } else if (frame.type === 'left' && this.room(frame.room)) {
      // In another tab, or before it was entered again.
      forgetRoom(this.me.id, frame.room);
      this.#state = reduce(this.#state, { type: 'forget', room: frame.room });
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
