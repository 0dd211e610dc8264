import type { Me, Room } from '../src/lib/api';
import type { Kept, ClientEvents } from '../src/lib/client/client';
import { CommandError } from '../src/lib/client/errors';
import { Emitter } from '../src/lib/client/emitter';
import type { Frame } from '../src/lib/client/frames';
import type { Connection } from '../src/lib/client/link';
import type { Draft } from '../src/lib/client/outbox';
import type { AnyClient } from '../src/lib/client/remote';
import { Chat } from '../src/lib/state/chat.svelte';
import type { RoomState } from '../src/lib/state/types';
import type { Occupant, Occupants, User } from '../src/lib/wire.gen';
import { ana, hello, inside, kitchen, me, server } from './people';

const nothing = (): void => undefined;

/** A client without a server: it says what it is told to say. */
class Told extends Emitter<ClientEvents> implements AnyClient {
  connection: Connection = { phase: 'idle' };

  tell<Name extends keyof ClientEvents>(name: Name, detail: ClientEvents[Name]): void {
    this.emit(name, detail);
  }
  become(connection: Connection): void {
    this.connection = connection;
    this.emit('connection', connection);
  }

  ask(): Promise<Frame> {
    return Promise.reject(new CommandError('forbidden', 'There is no server here.'));
  }
  occupants(): Promise<Occupants> {
    return Promise.reject(new CommandError('forbidden', 'There is no server here.'));
  }
  keep(): Kept | null {
    return null;
  }
  leave(): Promise<void> {
    return Promise.resolve();
  }
  // Nothing is on its way anywhere.
  discard = nothing;
  join = nothing;
  nudge = nothing;
  post = nothing;
  reconnect = nothing;
  restore = nothing;
  retry = nothing;
  retryNow = nothing;
  see = nothing;
  setStatus = nothing;
  start = nothing;
  stop = nothing;
  typing = nothing;
}

const running = new Set<Chat>();

/** Ends all conversations that were made. */
export function hush(): void {
  for (const chat of running) chat.stop();
  running.clear();
}

/** Somebody's conversations, which a view fills with what is said in them. */
export class Stage {
  readonly chat: Chat;
  readonly #client = new Told();
  #seq = 0;
  /** When the next thing happens: all of it lies in the last minutes. */
  #clock = Date.now() - 20 * 60_000;

  /** Connects, unless it is told how it stands instead. */
  constructor(who: Me = me, connection?: Connection) {
    this.chat = new Chat(who, server, this.#client, { loggedOut: () => undefined, other: () => undefined });
    running.add(this.chat);
    this.chat.start();
    this.#client.become({ phase: 'open', hello: hello({ id: who.id, name: who.username }) });
    if (connection) this.#client.become(connection);
  }

  /** Enters a room, and gives it as it is by then. */
  enter(info: Room = kitchen, occupants: readonly Occupant[] = inside, count = occupants.length): RoomState {
    const people = [...occupants];
    this.frame({ type: 'joined', ref: 1, room: info.id, info, seq: this.#seq, occupants: people, count });
    return this.room(info.id);
  }

  room(id: number = kitchen.id): RoomState {
    // Frames are taken together, with whatever is done next.
    this.chat.look(this.chat.looking);
    this.chat.settle(0);
    const room = this.chat.room(id);
    if (!room) throw new Error(`nobody entered room ${id}`);
    return room;
  }

  frame(frame: Frame): void {
    this.#client.tell('frame', frame);
  }

  /** Somebody says something; gives its number. */
  say(
    user: User,
    text: string,
    more: { reply?: number; size?: number; room?: number; at?: number } = {},
  ): number {
    const { room = kitchen.id, ...how } = more;
    this.frame({ type: 'message', room, ...this.#next(), user, nonce: `n${this.#seq}`, text, ...how });
    return this.#seq;
  }

  /** The connection is another from now on. */
  become(connection: Connection): void {
    this.#client.become(connection);
  }

  edit(user: User, of: number, text: string): void {
    this.frame({ type: 'edited', room: kitchen.id, ...this.#next(), user, of, text });
  }
  takeBack(user: User, of: number): void {
    this.frame({ type: 'taken_back', room: kitchen.id, ...this.#next(), user, of });
  }
  react(user: User, of: number, emoji: string): void {
    this.frame({ type: 'reaction', room: kitchen.id, ...this.#next(), user, of, emoji, on: true });
  }
  come(...users: User[]): void {
    const count = inside.length;
    this.frame({ type: 'entered', room: kitchen.id, ...this.#next(), users, count });
  }
  go(...users: User[]): void {
    const count = inside.length;
    this.frame({ type: 'departed', room: kitchen.id, ...this.#next(), users, count });
  }
  miss(lost: number | 'unknown', why: ClientEvents['gap']['why']): void {
    this.#client.tell('gap', { room: kitchen.id, lost, why });
  }
  /** What one said and nobody heard yet. */
  drafts(...drafts: Partial<Draft>[]): void {
    const whole = drafts.map((draft, at) => ({
      nonce: `d${at}`,
      text: 'Who is at the door?',
      reply: 0,
      size: 0,
      at: Date.now(),
      stage: 'sending' as const,
      error: '',
      seq: 0,
      heard: -1,
      tried: true,
      ...draft,
    }));
    this.#client.tell('outbox', { room: kitchen.id, drafts: whole, said: [] });
  }

  refuse(room: number, code: string): void {
    this.#client.tell('refused', { room, error: new CommandError(code, 'The server says why.') });
  }

  /** Two minutes later than before: messages a little apart still make a group. */
  #next(): { seq: number; at: number } {
    this.#clock += 20_000;
    return { seq: ++this.#seq, at: this.#clock };
  }
}

/** A conversation in the kitchen with everything in it that can be. */
export function fullTalk(stage: Stage, ben: User, cleo: User, maryam: User): RoomState {
  stage.enter();
  stage.chat.look(kitchen.id);
  stage.come(ben, cleo);
  const question = stage.say(ben, 'What shall we cook? See https://example.org/recipes and #garden.');
  stage.say(ben, 'Somebody said **soup**, _really_, ~~or not~~, with `salt`.');
  const answer = stage.say(ana, 'Soup!', { reply: question });
  stage.say(ana, '@ben brings the bread, @ana the rest.');
  stage.edit(ana, stage.say(ana, 'before'), 'This was said otherwise at first.');
  stage.takeBack(ana, stage.say(ana, 'never'));
  stage.takeBack(ben, stage.say(ben, 'never'));
  stage.say(cleo, 'psst, it is a secret: ||there is cake||', { size: -2 });
  stage.say(cleo, 'quietly', { size: -1 });
  stage.say(cleo, 'loudly', { size: 1 });
  stage.say(cleo, 'DINNER!', { size: 2 });
  stage.say(cleo, '/me sets the table');
  stage.say(
    ben,
    '```go\nfunc main() {\n\tfmt.Println("a line of code that is longer than the window is wide, on most")\n}\n```',
  );
  stage.say(ben, '> We eat at eight.\n\n- bread\n- butter\n\n1. cook\n2. eat');
  stage.say(maryam, 'مساء الخير **للجميع**، https://example.org/ar');
  stage.say(maryam, `https://аррӏе.example/${'a-very-long-address/'.repeat(12)}`);
  stage.say(ben, 'w'.repeat(300));
  stage.say(ben, `${'Many lines.\n'.repeat(60)}The end.`);
  stage.say(ben, 'To what nobody heard.', { reply: 9999 });
  for (const who of [ana, ben, cleo]) stage.react(who, answer, '👍');
  stage.react(ben, answer, '❤️');
  stage.go(cleo);
  stage.miss(3, 'lost');
  return stage.room();
}
