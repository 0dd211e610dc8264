import type { Frame } from '../client/frames';
import type { Draft } from '../client/outbox';
import type { Why } from '../client/place';
import type { Occupant, Room, User } from '../wire.gen';

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
 * start: what is said is heard from here on. reloaded: the same, in a page that was loaded anew. lost: the connection is lost;
 * it goes when nothing was missed. gap: up to `count` messages are missing, or nobody knows how many where that is 0. away,
 * restart: what was said between `at` and `until` is missing, because the session was over or the server began anew.
 * changed: the room's title, topic or access. closed, removed: the room is over for this session.
 */
export interface Marker extends Base {
  kind: 'marker';
  what: 'start' | 'reloaded' | 'lost' | 'gap' | 'away' | 'restart' | 'changed' | 'closed' | 'removed';
  until: number;
  count: number;
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
  /** Of ascending keys. The oldest are let go when there are too many. */
  items: readonly Item[];
  /** How many items were let go. */
  gone: number;
  /** How many messages were added, those that were let go among them. */
  said: number;
  /** How long the texts of the items are together, in UTF-16 units; about, as texts are edited. */
  size: number;
  /** What one said and did not see here yet. */
  outbox: readonly Draft[];
  /** Those known to be inside, in no order. All of them, unless `more`. */
  people: readonly Occupant[];
  count: number;
  /** Further pages can be asked for, after the name `cursor`. */
  more: boolean;
  cursor: string;
  /** People came or went without being named: the list is to be asked for anew. */
  stale: boolean;
  /** People, count and title are as after the event of this number: earlier ones that still come change nothing of them. */
  asOf: number;
  typing: readonly Typist[];
  unread: number;
  /** How many of the unread are meant for oneself. */
  mentions: number;
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
  | { type: 'gap'; room: number; lost: number | 'unknown'; why: Why; now: number }
  | { type: 'outbox'; room: number; drafts: readonly Draft[]; said: readonly Draft[] }
  | { type: 'spoke'; room: number }
  | { type: 'read'; room: number }
  | { type: 'refused'; room: number; error: string; now: number }
  | { type: 'forget'; room: number }
  | {
      type: 'people';
      room: number;
      people: readonly Occupant[];
      count: number;
      more: boolean;
      cursor: string;
      stale: boolean;
      /** Instead of those known, or besides them. */
      replace: boolean;
    }
  | { type: 'look'; room: number }
  | { type: 'tick'; now: number };
