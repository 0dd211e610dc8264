import { deed } from '../text';
import { sameDay } from '../time';
import type { Why } from '../client/place';
import type { Edited, Presence, TakenBack, User } from '../wire.gen';
import type { Item, Marker, Passage, RoomState, Said, Tally } from './types';

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

/** What is told of a message when it is said. */
export type Told = Pick<Said, 'user' | 'text' | 'nonce' | 'seq' | 'at' | 'heard'> &
  Partial<Pick<Said, 'reply' | 'size' | 'edited'>>;

/** What nobody has reacted to. */
const none: Said['reactions'] = [];
/** So many emoji stand at a message at most. */
export const mostEmoji = 40;
/** So many people are named who hear what is said, when one enters. */
export const mostHearers = 3;

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
  const said = room.said + (item.kind === 'said' ? 1 : 0);
  const next = { ...room, items, said, nextKey: room.nextKey + 1, size: room.size + sizeOf(item) };
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

export function appendSaid(room: RoomState, said: Told): RoomState {
  const last = room.items.at(-1);
  const head = !continues(last, said.user, said.at);
  const item: Said = {
    kind: 'said',
    reply: 0,
    size: 0,
    edited: false,
    ...said,
    quotes: said.reply ? (saidAs(room, said.reply)?.key ?? 0) : 0,
    gone: false,
    reactions: none,
    head,
    key: room.nextKey,
    row: room.nextKey,
    newDay: newDay(room, said.at),
  };
  return append(room, item);
}

/** The message of a number, and of a user if one is given. */
export const saidAs = (room: RoomState, seq: number, user?: User): Said | undefined =>
  room.items.findLast(
    (item): item is Said =>
      item.kind === 'said' &&
      item.key >= room.reach &&
      item.seq === seq &&
      (user === undefined || item.user.id === user.id),
  );

/** Puts another text in the place of a message's; of the one before nothing is left. */
export function appendEdited(room: RoomState, { user, of, text, at }: Edited): RoomState {
  const said = saidAs(room, of, user);
  if (said) return said.gone ? room : renew(room, { ...said, text, edited: true });
  // Who came after the message hears the new text all the same. An empty one is told again by an event that follows.
  if (text === '') return room;
  return appendSaid(room, { user, text, nonce: '', seq: of, at, heard: -1, edited: true });
}

export function takeBack(room: RoomState, { user, of }: TakenBack): RoomState {
  const said = saidAs(room, of, user);
  if (!said) return room;
  return renew(room, {
    ...said,
    text: '',
    reply: 0,
    quotes: 0,
    edited: false,
    gone: true,
    reactions: none,
  });
}

/** Somebody put an emoji to a message or took it away. `wish`: what is to come of it, as oneself wants it. */
export function react(
  room: RoomState,
  user: User,
  { of, emoji, on, wish }: { of: number; emoji: string; on: boolean; wish?: boolean | undefined },
): RoomState {
  const said = saidAs(room, of);
  if (!said || said.gone) return room;
  const before = said.reactions.find((tally) => tally.emoji === emoji);
  if (!before && said.reactions.length >= mostEmoji) return room;
  const others = without(before?.users ?? [], user.id);
  const mine = before && has(before.users, user.id) === on;
  const users = mine ? before.users : on ? [...others, user] : others;
  const tally: Tally = { emoji, users, wish };
  const reactions = (
    before ? said.reactions.map((one) => (one === before ? tally : one)) : [...said.reactions, tally]
  ).filter((one) => one.users.length > 0 || one.wish !== undefined);
  return exchange(room, { ...said, reactions });
}

/** A message with another text, or none: in a row of its own, so that nothing that showed the one before lives on. */
const renew = (room: RoomState, said: Said): RoomState =>
  exchange({ ...room, nextKey: room.nextKey + 1 }, { ...said, row: room.nextKey });

/** Puts an item in the place of the one that has its key. */
const exchange = (room: RoomState, item: Item): RoomState =>
  replaceItem(
    room,
    ({ key }) => key === item.key,
    () => item,
  );

export function appendMarker(
  room: RoomState,
  what: Marker['what'],
  at: number,
  more: Partial<Pick<Marker, 'until' | 'count' | 'note' | 'names'>> = {},
): RoomState {
  const blank = { kind: 'marker', until: 0, count: 0, note: '', names: [] } as const;
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

/** Whether what comes after one's own message tells the same of how many heard it. */
export const echoed = (said: Said, next: { kind: 'space' } | Item | undefined): boolean =>
  next?.kind === 'said' &&
  said.heard >= 0 &&
  next.user.id === said.user.id &&
  next.heard === said.heard &&
  !next.gone;
