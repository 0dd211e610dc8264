import type { Frame } from '../client/frames';
import type { Room, User } from '../wire.gen';

/**
 * Where one's own message is on its way.
 * waiting: not sent yet, there was no connection. sending: sent, not acknowledged. taken: acknowledged, its event is still to
 * come. failed: refused. unsure: the connection ended before the acknowledgement; sending it again may double it.
 */
export type Stage = 'waiting' | 'sending' | 'taken' | 'failed' | 'unsure';

/** One's own message that has not been seen in the room yet. */
export interface Draft {
  nonce: string;
  text: string;
  at: number;
  stage: Stage;
  /** Why it failed; empty otherwise. */
  error: string;
  /** Known once it is taken. */
  seq: number;
  heard: number;
}

interface Base {
  /** Unique in its room. */
  key: number;
  at: number;
  /** The first of its day: a divider stands before it. */
  newDay: boolean;
}

export interface Said extends Base {
  kind: 'said';
  user: User;
  text: string;
  nonce: string;
  seq: number;
  /** Opens a group: author and time stand above it. */
  head: boolean;
  /** How many heard it; only known of one's own, and -1 where it is not. */
  heard: number;
}

/** Entrances and departures in a row, told together. */
export interface Passage extends Base {
  kind: 'passage';
  entered: readonly User[];
  departed: readonly User[];
  /** Came and went, or left and came back, within this passage. */
  passing: readonly User[];
  returned: readonly User[];
  moreEntered: number;
  moreDeparted: number;
  /** When the last of them was. */
  until: number;
}

/**
 * A line of the page's own.
 * start: what is said is heard from here on. lost: the connection was lost; until is when it was back, 0 while it is not. gap: a
 * number was missing. changed: the room's title, topic or access. closed, removed: the room is over for this session.
 */
export interface Marker extends Base {
  kind: 'marker';
  what: 'start' | 'lost' | 'gap' | 'changed' | 'closed' | 'removed';
  until: number;
  /** The new title and topic of `changed`; the server's sentence of `removed`. */
  note: string;
}

export type Item = Said | Passage | Marker;

export interface Typist {
  user: User;
  /** When it stops to count. */
  until: number;
}

/** A room that one is in, or was until something ended it. */
export interface RoomState {
  id: number;
  info: Room;
  /** Whether this session hears the room now. */
  live: boolean;
  /** Why it is over; empty while it is not. */
  over: string;
  seq: number;
  items: readonly Item[];
  outbox: readonly Draft[];
  /** Those known to be inside, in no order. All of them, unless `more`. */
  people: readonly User[];
  count: number;
  /** Further pages can be asked for, after the name `cursor`. */
  more: boolean;
  cursor: string;
  /** People came or went without being named: the list is to be asked for anew. */
  stale: boolean;
  typing: readonly Typist[];
  unread: number;
  /** The key of the first item that was not looked at; 0 where all were. */
  newFrom: number;
  nextKey: number;
}

export interface ChatState {
  me: User;
  rooms: Readonly<Record<number, RoomState>>;
  /** The room that is looked at now, if the page is at the front; 0 for none. */
  looking: number;
}

export type Action =
  | { type: 'frame'; frame: Frame; now: number }
  | { type: 'lost'; now: number }
  | { type: 'post'; room: number; nonce: string; text: string; now: number }
  | { type: 'waiting' | 'sending'; room: number; nonce: string }
  | { type: 'failed'; room: number; nonce: string; error: string }
  | { type: 'discard'; room: number; nonce: string }
  | { type: 'refused'; room: number; error: string; now: number }
  | { type: 'forget'; room: number }
  | {
      type: 'people';
      room: number;
      people: readonly User[];
      count: number;
      more: boolean;
      cursor: string;
      stale: boolean;
      /** Instead of those known, or besides them. */
      replace: boolean;
    }
  | { type: 'look'; room: number }
  | { type: 'tick'; now: number };
