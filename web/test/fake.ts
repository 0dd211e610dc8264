import type { Server } from '../src/lib/api';
import { Client } from '../src/lib/client/client';
import type { Kept } from '../src/lib/client/client';
import type { Check, Socket } from '../src/lib/client/link';
import type { Command, Hello, Occupant, Room, User } from '../src/lib/wire.gen';

/** A WebSocket without a network: the test speaks for the server. */
export class FakeSocket implements Socket {
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly sent: Command[] = [];
  readonly url: string;
  readonly protocol: string;
  closed = false;
  /** The code that the client closed with. */
  code: number | undefined;

  constructor(url: string, protocol: string) {
    this.url = url;
    this.protocol = protocol;
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data) as Command);
  }

  close(code?: number): void {
    this.closed = true;
    this.code = code;
  }

  /** The server says something, in whatever form. */
  raw(data: unknown): void {
    this.onmessage?.({ data } as MessageEvent);
  }

  frame(frame: object): void {
    this.raw(JSON.stringify(frame));
  }

  /** The connection ends with a close code. */
  drop(code: number): void {
    this.onclose?.({ code } as CloseEvent);
  }

  hello(more: Partial<Hello> = {}): void {
    this.frame(hello(more));
  }

  /** All commands of this type. */
  all(type: string): Command[] {
    return this.sent.filter((command) => command.type === type);
  }

  /** The last command of this type. */
  last(type: string): Command {
    const found = this.sent.findLast((command) => command.type === type);
    if (!found) throw new Error(`no ${type} was sent`);
    return found;
  }

  /** Lets the last join in. */
  admit(id: number, more: { occupants?: Occupant[]; count?: number; seq?: number } = {}): void {
    const { ref } = this.sent.findLast((command) => command.type === 'join' && command.room === id) ?? {};
    const occupants = more.occupants ?? [ana];
    const count = more.count ?? occupants.length;
    this.frame({ type: 'joined', ref, room: id, info: room(id), seq: more.seq ?? 0, occupants, count });
  }

  /** Refuses the last command of this type. */
  refuse(type: string, code: string, more: { message?: string; retry_ms?: number } = {}): void {
    this.frame({ type: 'error', ref: this.last(type).ref, code, message: 'No.', ...more });
  }

  /** The session goes on, in these rooms. */
  resumed(rooms: number[]): void {
    this.frame({ type: 'resumed', ref: this.last('resume').ref, rooms });
  }

  /** The session hears a room again. */
  returned(
    id: number,
    seq: number,
    more: { lost?: number; occupants?: Occupant[]; count?: number } = {},
  ): void {
    const { lost = 0, occupants = [ana], count = occupants.length } = more;
    this.frame({ type: 'returned', room: id, info: room(id), seq, lost, occupants, count });
  }

  /** Somebody says something. */
  said(id: number, seq: number, text = `m${seq}`, user: User = ben, nonce = `n${seq}`): void {
    this.frame({ type: 'message', room: id, seq, at: seq, user, nonce, text });
  }

  /** Acknowledges the last post. */
  posted(seq: number, heard = 1): void {
    const { ref, room, nonce } = this.last('post');
    this.frame({ type: 'posted', ref, room, seq, at: seq, nonce, heard });
  }
}

export const ana: User = { id: 1, name: 'ana' };
export const ben: User = { id: 2, name: 'ben' };
export const cy: User = { id: 3, name: 'cy' };

export const room = (id: number, name = `room${id}`): Room => ({
  id,
  name,
  title: `Room ${id}`,
  topic: '',
  access: 'public',
  owner: 1,
});

export const limits = {
  frame_bytes: 65536,
  text_bytes: 100,
  rooms: 100,
  posts_per_second: 20,
  posts_burst: 100,
  frames_per_second: 200,
  frames_burst: 4000,
};

/** A server with everything as installed. */
export const server: Server = {
  name: 'Test',
  version: '0',
  sign_up: 'open',
  create_rooms: 'everyone',
  mail: true,
  confirm_email: false,
  setup_needed: false,
  passkey_domain: '',
  providers: [],
  resume_ms: 60_000,
  grace_ms: 10_000,
  limits,
  me: null,
};

export const hello = (more: Partial<Hello> = {}): Hello => ({
  type: 'hello',
  protocol: 'earshot.v1',
  server: '0.1.0',
  epoch: 'e1',
  user: ana,
  limits,
  ping_ms: 25_000,
  resume: 't1',
  resume_ms: 60_000,
  ...more,
});

/** A client over fake sockets; `socket` is the newest of them. `kept` is what the page before left. */
export function fakeClient(
  check: () => Promise<Check> = () => Promise.resolve('ok'),
  kept: Kept | null = null,
) {
  const sockets: FakeSocket[] = [];
  const client = new Client({
    url: 'ws://earshot.test/ws',
    check,
    random: () => 0.5,
    connect: (url, protocol) => {
      const socket = new FakeSocket(url, protocol);
      sockets.push(socket);
      return socket;
    },
  });
  if (kept) client.restore(kept);
  return {
    client,
    sockets,
    get socket(): FakeSocket {
      const newest = sockets.at(-1);
      if (!newest) throw new Error('the client did not connect');
      return newest;
    },
  };
}
