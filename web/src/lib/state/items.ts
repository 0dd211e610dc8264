import { deed } from '../text';
import { sameDay } from '../time';
import type { Why } from '../client/place';
import type { Presence, User } from '../wire.gen';
import type { Item, Marker, Passage, RoomState, Said } from './types';

/** How many items of a room are kept in view. What falls out is gone: nobody keeps it. */
export const mostItems = 20_000;
/** How long their texts may be together, in UTF-16 units: as many of the longest would be 160 MB. */
export const mostText = 8_000_000;
/** So many more may stand there before the oldest are let go, together: a list is not cut at every message. */
export const slack = 500;
/** Messages of one author within this time, in milliseconds, stand in one group. */
const groupTime = 5 * 60_000;
/** Entrances and departures in a row are told together for this long, in milliseconds. */
const passageTime = 15 * 60_000;
/** How many people a passage names; the others are counted. */
const mostNamed = 50;

type New<Kind extends Item> = Omit<Kind, 'key' | 'newDay' | 'head'>;

/** Whether what `user` says at `at` continues the group that `last` is of. What somebody does stands by itself. */
export function continues(last: Item | undefined, user: User, at: number): boolean {
  if (last?.kind !== 'said' || last.user.id !== user.id || deed(last.text) !== null) return false;
  return at - last.at < groupTime && sameDay(last.at, at);
}

/** The lists that were made while `together` runs: nobody else has seen them, and they may grow in place. */
let young: WeakSet<readonly Item[]> | null = null;

/**
 * Does what appends many items one after the other. In the end every state that was there before is as it was, but the list
 * of a room is copied once, and not for each item: a thousand messages come in a second. What is between is nobody's.
 */
export function together<Result>(what: () => Result): Result {
  young = new WeakSet();
  try {
    return what();
  } finally {
    young = null;
  }
}

function append(room: RoomState, item: Item): RoomState {
  let items: Item[];
  if (young?.has(room.items)) {
    items = room.items as Item[];
    items.push(item);
  } else {
    items = [...room.items, item];
    young?.add(items);
  }
  const next = { ...room, items, nextKey: room.nextKey + 1, size: room.size + sizeOf(item) };
  return items.length > mostItems + slack || next.size > mostText ? cut(next, items) : next;
}

const sizeOf = (item: Item): number => (item.kind === 'said' ? item.text.length : 0);

/** Lets the oldest go, in place, until what is left is within its bounds. */
function cut(room: RoomState, items: Item[]): RoomState {
  // Edits have changed it: it is counted anew here, and nowhere else. A tenth is free then, so that this is seldom done.
  let size = items.reduce((sum, item) => sum + sizeOf(item), 0);
  const most = size > mostText ? mostText * 0.9 : mostText;
  let gone = 0;
  while (items.length - gone > 1 && (items.length - gone > mostItems || size > most)) {
    const item = items[gone];
    if (item) size -= sizeOf(item);
    gone += 1;
  }
  items.splice(0, gone);
  // The first one left opens its group, whatever was before it.
  const first = items[0];
  if (first?.kind === 'said' && !first.head) items[0] = { ...first, head: true };
  return { ...room, size, gone: room.gone + gone };
}

const newDay = (room: RoomState, at: number): boolean => {
  const last = room.items.at(-1);
  return last !== undefined && !sameDay(last.at, at);
};

export function appendSaid(room: RoomState, said: New<Said>): RoomState {
  const head = !continues(room.items.at(-1), said.user, said.at);
  const next = append(room, { ...said, head, key: room.nextKey, newDay: newDay(room, said.at) });
  return { ...next, said: next.said + 1 };
}

export function appendMarker(
  room: RoomState,
  what: Marker['what'],
  at: number,
  more: Partial<Pick<Marker, 'until' | 'count' | 'note'>> = {},
): RoomState {
  const blank = { kind: 'marker', until: 0, count: 0, note: '' } as const;
  return append(room, { ...blank, ...more, what, at, key: room.nextKey, newDay: newDay(room, at) });
}

/** The marker of a connection that is lost now; undefined where there is none. */
export const lostMarker = (room: RoomState): Marker | undefined =>
  room.items.findLast((item): item is Marker => item.kind === 'marker' && item.what === 'lost');

/** Takes the line out that says that the connection is lost. */
export function withoutLost(room: RoomState): RoomState {
  const lost = lostMarker(room);
  return lost ? { ...room, items: room.items.filter((item) => item !== lost) } : room;
}

/** Tells that events did not come: in the line that tells of the ones before, if nothing was said between. */
export function appendGap(room: RoomState, lost: number | 'unknown', why: Why, now: number): RoomState {
  const at = lostMarker(room)?.at ?? now;
  const next = withoutLost(room);
  const last = next.items.at(-1);
  const marker = last?.kind === 'marker' && sameDay(last.at, now) ? last : undefined;
  if (why === 'away' || why === 'restart') {
    if (marker?.what !== 'away' && marker?.what !== 'restart') {
      return appendMarker(next, why, at, { until: now });
    }
    const what = marker.what === 'restart' ? 'restart' : why;
    return { ...next, items: next.items.with(-1, { ...marker, what, until: now }) };
  }
  const count = lost === 'unknown' ? 0 : lost;
  if (marker?.what !== 'gap') return appendMarker(next, 'gap', now, { count });
  const sum = marker.count > 0 && count > 0 ? marker.count + count : 0;
  return { ...next, items: next.items.with(-1, { ...marker, count: sum }) };
}

/** Replaces one item, found from the end, where the young ones are. */
export function replaceItem(
  room: RoomState,
  test: (item: Item) => boolean,
  change: (item: Item) => Item,
): RoomState {
  const index = room.items.findLastIndex(test);
  const found = room.items[index];
  if (!found) return room;
  return { ...room, items: room.items.with(index, change(found)) };
}

const without = (users: readonly User[], id: number): readonly User[] =>
  users.filter((user) => user.id !== id);
const has = (users: readonly User[], id: number): boolean => users.some((user) => user.id === id);

/** Moves one person from where they were in the passage to where they are after coming in or going out. */
function pass(passage: Passage, user: User, entered: boolean): Passage {
  const { id } = user;
  const back = entered ? 'departed' : 'entered';
  const to = entered ? 'entered' : 'departed';
  // Undoes what this passage told before: who entered and departs has been passing, and the other way round.
  if (has(passage[back], id)) {
    const cell = entered ? 'returned' : 'passing';
    return { ...passage, [back]: without(passage[back], id), [cell]: [...without(passage[cell], id), user] };
  }
  // Came and went before, and now comes again: has entered. Left and came back, and now leaves: has departed.
  const cell = entered ? 'passing' : 'returned';
  const next = { ...passage, [cell]: without(passage[cell], id) };
  if (has(next[to], id)) return next;
  if (next[to].length >= mostNamed) {
    return entered
      ? { ...next, moreEntered: next.moreEntered + 1 }
      : { ...next, moreDeparted: next.moreDeparted + 1 };
  }
  return { ...next, [to]: [...next[to], user] };
}

/** Tells who came or went: in the passage that the conversation ends with, or in a new one. */
export function appendPresence(room: RoomState, frame: Presence): RoomState {
  const last = room.items.at(-1);
  const joins = last?.kind === 'passage' && frame.at - last.at < passageTime && sameDay(last.at, frame.at);
  let passage: Passage = joins
    ? last
    : {
        kind: 'passage',
        key: room.nextKey,
        at: frame.at,
        newDay: newDay(room, frame.at),
        entered: [],
        departed: [],
        passing: [],
        returned: [],
        moreEntered: 0,
        moreDeparted: 0,
        until: frame.at,
      };
  const entered = frame.type === 'entered';
  for (const user of frame.users) passage = pass(passage, user, entered);
  const more = frame.more ?? 0;
  passage = {
    ...passage,
    until: frame.at,
    moreEntered: passage.moreEntered + (entered ? more : 0),
    moreDeparted: passage.moreDeparted + (entered ? 0 : more),
  };
  if (!joins) return append(room, passage);
  return { ...room, items: room.items.with(-1, passage) };
}
