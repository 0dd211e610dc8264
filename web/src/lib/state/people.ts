import type { Occupant } from '../wire.gen';
import type { Chat } from './chat.svelte';

/** Asks for the next page of those inside a room. */
export async function morePeople(chat: Chat, id: number): Promise<void> {
  const room = chat.room(id);
  if (!room?.more) return;
  const page = await chat.occupants(id, room.cursor);
  const { count, more } = page;
  const cursor = page.occupants.at(-1)?.name ?? room.cursor;
  const { stale } = room;
  chat.people(() => ({
    type: 'people',
    room: id,
    people: page.occupants,
    count,
    more,
    cursor,
    stale,
    replace: false,
  }));
}

/** Asks anew for as many as are shown: somebody came or went without being named. */
export async function relist(chat: Chat, id: number): Promise<void> {
  const before = chat.room(id);
  if (!before) return;
  const people: Occupant[] = [];
  let cursor = '';
  for (;;) {
    const page = await chat.occupants(id, cursor);
    people.push(...page.occupants);
    cursor = page.occupants.at(-1)?.name ?? cursor;
    const done = !page.more || page.occupants.length === 0;
    if (!done && people.length < before.people.length) continue;
    chat.people(() => ({
      type: 'people',
      room: id,
      people,
      count: page.count,
      more: !done,
      cursor,
      // Who came or went between two pages may be missing: then it is asked again.
      stale: chat.room(id)?.people !== before.people,
      replace: true,
    }));
    return;
  }
}
