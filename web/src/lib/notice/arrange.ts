import { around } from '../i18n/around';
import type { Chat } from '../state/chat.svelte';
import { announced } from './announce.svelte';
import { arranged } from './order';

/** The two parts of the list that have an order of one's own. */
export type Part = 'pinned' | 'joined';

type Order = Record<Part, number[]>;

export function orderOf(chat: Chat): Order {
  const { pinned, joined } = arranged(chat.rooms, chat.choices.now);
  return { pinned: pinned.map(({ id }) => id), joined: joined.map(({ id }) => id) };
}

/** The order with a room before another one, or at the end of the part where that is 0. */
export function withRoom(order: Order, room: number, part: Part, before: number): Order {
  const next = {
    pinned: order.pinned.filter((id) => id !== room),
    joined: order.joined.filter((id) => id !== room),
  };
  const at = next[part].indexOf(before);
  next[part].splice(at < 0 ? next[part].length : at, 0, room);
  return next;
}

function keep(chat: Chat, { pinned, joined }: Order): void {
  const { now } = chat.choices;
  // Rooms that one is not in now have their places when one is back.
  const away = (ids: readonly number[]): number[] =>
    ids.filter((id) => !pinned.includes(id) && !joined.includes(id));
  chat.choices.change({
    pins: [...pinned, ...away(now.pins)],
    order: [...joined, ...away(now.order)],
  });
}

const partOf = (order: Order, room: number): Part => (order.pinned.includes(room) ? 'pinned' : 'joined');
const titleOf = (chat: Chat, room: number): string => chat.room(room)?.info.title ?? '';

function tellPlace(chat: Chat, room: number): void {
  const order = orderOf(chat);
  const ids = order[partOf(order, room)];
  announced.tell(around.t.movedTo(titleOf(chat, room), ids.indexOf(room) + 1, ids.length));
}

export function put(chat: Chat, room: number, part: Part, before: number): void {
  keep(chat, withRoom(orderOf(chat), room, part, before));
  tellPlace(chat, room);
}

/** Whether a room can go up or down within its part. */
export function canStep(chat: Chat, room: number, by: -1 | 1): boolean {
  const order = orderOf(chat);
  const ids = order[partOf(order, room)];
  return ids[ids.indexOf(room) + by] !== undefined;
}

/** Moves a room by one place up or down within its part. */
export function step(chat: Chat, room: number, by: -1 | 1): void {
  if (canStep(chat, room, by)) {
    const order = orderOf(chat);
    const part = partOf(order, room);
    const at = order[part].indexOf(room);
    put(chat, room, part, order[part][by < 0 ? at - 1 : at + 2] ?? 0);
  } else tellPlace(chat, room);
}

export const pinned = (chat: Chat, room: number): boolean => chat.choices.now.pins.includes(room);

export function pin(chat: Chat, room: number, on: boolean): void {
  const title = titleOf(chat, room);
  if (on) {
    keep(chat, withRoom(orderOf(chat), room, 'pinned', 0));
  } else {
    chat.choices.change({ pins: chat.choices.now.pins.filter((id) => id !== room) });
  }
  announced.tell(on ? around.t.isPinned(title) : around.t.isUnpinned(title));
}
