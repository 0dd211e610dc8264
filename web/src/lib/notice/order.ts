import type { Chosen } from './choices.svelte';

const byTitle = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true });

interface Titled {
  info: { id: number; title: string };
}

/** Rooms sorted by their titles. */
export const sorted = <Room extends { title: string }>(rooms: readonly Room[]): Room[] =>
  [...rooms].sort((a, b) => byTitle.compare(a.title, b.title));

/** The rooms that one is in, in the two parts of the list and in the order that one gave them. */
export function arranged<Room extends Titled>(
  rooms: readonly Room[],
  { pins, order }: Pick<Chosen, 'pins' | 'order'>,
): { pinned: Room[]; joined: Room[] } {
  const places = new Map(order.map((id, at) => [id, at]));
  const place = ({ info }: Room): number => places.get(info.id) ?? Infinity;
  const joined = rooms
    .filter(({ info }) => !pins.includes(info.id))
    .sort((a, b) =>
      place(a) === place(b) ? byTitle.compare(a.info.title, b.info.title) : place(a) - place(b),
    );
  const pinned = rooms.filter(({ info }) => pins.includes(info.id));
  pinned.sort((a, b) => pins.indexOf(a.info.id) - pins.indexOf(b.info.id));
  return { pinned, joined };
}
