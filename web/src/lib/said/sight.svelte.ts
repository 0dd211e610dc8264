import { preferences } from '../preferences.svelte';
import type { Chat } from '../state/chat.svelte';
import type { RoomState, Said } from '../state/types';

/** In larger rooms the server tells nobody who has seen what (docs/protocol.md, "Who has seen what"). */
const smallRoom = 20;
/** How often at most, in milliseconds, a room is told; the server gathers for half a second itself. */
const every = 500;

/** Whether others are told how far one has read. Who does not tell is not told either. */
const telling = (): boolean => preferences.get('seen') === 'tell';

/** The last message that somebody besides oneself and its author has seen; undefined where there is none. */
export function lastSeen(room: RoomState, me: number): Said | undefined {
  if (!telling() || room.count > smallRoom) return undefined;
  const far = room.people.filter(({ id, seen = 0 }) => id !== me && seen > 0);
  if (far.length === 0) return undefined;
  return room.items.findLast(
    (item): item is Said =>
      item.kind === 'said' &&
      item.key >= room.reach &&
      !item.gone &&
      far.some(({ id, seen = 0 }) => id !== item.user.id && seen >= item.seq),
  );
}

/** Tells a room how far one has seen, as often as one may. */
export class Sight {
  readonly #chat: Chat;
  #told = 0;
  readonly #room: number;
  #seq = 0;
  #waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(chat: Chat, room: number) {
    this.#chat = chat;
    this.#room = room;
  }

  /** What is at the end of the room is before the eyes of the person now. */
  sees(room: RoomState): void {
    if (!telling() || !room.live || room.count > smallRoom || document.hidden) return;
    const last = room.items.findLast(
      (item): item is Said =>
        item.kind === 'said' && item.key >= room.reach && item.user.id !== this.#chat.me.id,
    );
    if (!last || last.key <= this.#told) return;
    this.#told = last.key;
    this.#seq = last.seq;
    this.#waiting ??= setTimeout(this.#tell, every);
  }

  /** A closure of its own: one made in `sees` would hold the room, and all that was said, for as long as it waits. */
  readonly #tell = (): void => {
    this.#waiting = undefined;
    this.#chat.see(this.#room, this.#seq);
  };

  stop(): void {
    clearTimeout(this.#waiting);
  }
}
