import type { Frame } from '../client/frames';
import type { Draft } from '../client/outbox';
import type { Why } from '../client/place';
import type { Occupant, Removed, Room, User } from '../wire.gen';

interface Base {
  /** Unique in its room. */
  key: number;
  at: number;
  /** The first of its day: a divider stands before it. */
  newDay: boolean;
}

/** Who put an emoji to a message. */
export interface Tally {
  emoji: string;
  users: readonly User[];
  /** What one wants it to be oneself, until the server has answered. */
  wish?: boolean | undefined;
}

/** Something said. One whose text is empty is not shown, unless it was taken back: its text is still to come. */
export interface Said extends Base {
  kind: 'said';
  user: User;
  text: string;
  /** The number of the message that it answers; 0 for none. */
  reply: number;
  /** The key of that message, if it was here when this one came; else 0. */
  quotes: number;
  /** How loud it is, from -2, a whisper, to 2, a shout. */
  size: number;
  edited: boolean;
  /** Names its row. A new one for each text: what shows a text holds it until the row is gone. */
  row: number;
  /** It was taken back: nothing of it is left. */
  gone: boolean;
  reactions: readonly Tally[];
  nonce: string;
  seq: number;
  /** Opens a group: author and time stand above it. */
  head: boolean;
  /** How many heard it; only known of one's own, and -1 where it is not. */
  heard: number;
}

/** What the next text of a room is about: a message that it answers, or one's own that it takes the place of. */
export interface Aim {
  kind: 'reply' | 'edit';
  /** The message's, in its room and here. */
  seq: number;
  key: number;
  /** Of an edit: its own name, and what was typed before it began. */
  nonce: string;
  before: string;
  /** The answer that was being written then. */
  answer?: Aim;
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
 * start: what is said is heard from here on, by those of `names` and, all in all, by `count`. cleared: what was above is out
 * of the view. reloaded: the same, in a page that was loaded anew. lost: the connection is lost;
 * it goes when nothing was missed. gap: up to `count` messages are missing, or nobody knows how many where that is 0. away,
 * restart: what was said between `at` and `until` is missing, because the session was over or the server began anew.
 * changed: the room's title, topic or access. closed, removed: the room is over for this session.
 */
export interface Marker extends Base {
  kind: 'marker';
  what:
    'start' | 'cleared' | 'reloaded' | 'lost' | 'gap' | 'away' | 'restart' | 'changed' | 'closed' | 'removed';
  until: number;
  count: number;
  /** The new title and topic of `changed`; the server's sentence of `removed`. */
  note: string;
  names: readonly string[];
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
  /** What the server said, and when, where it took one out; null otherwise. */
  out: (Removed & { at: number }) | null;
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
  /** That one may say nothing here: until when by this page's clock, 0 for good, and why; null where one may. */
  muted: { until: number; reason: string } | null;
  /** When one said something here last, by this page's clock; 0 for never. */
  saidAt: number;
  /** The key of the first item that was not looked at; 0 where all were. */
  newFrom: number;
  nextKey: number;
  /** The key of the first item whose number still means something: before it one was away, or the numbers began anew. */
  reach: number;
}

export interface ChatState {
  me: User;
  rooms: Readonly<Record<number, RoomState>>;
  /** The room that is looked at now, if the page is at the front; 0 for none. */
  looking: number;
  /** How far the clock here is ahead of the server's, in milliseconds; known once something was acknowledged. */
  skew: number;
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
  | { type: 'clear'; room: number; now: number }
  | {
      /** One's own reaction: wanted, as `on`, or answered. */
      type: 'react';
      room: number;
      of: number;
      emoji: string;
      on: boolean;
      wish: boolean | undefined;
    }
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
