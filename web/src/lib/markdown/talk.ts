import { createContext } from 'svelte';
import type { Chat } from '../state/chat.svelte';
import type { RoomState } from '../state/types';

/** What a conversation knows of the names in it, and of itself. */
export interface Talk {
  /** One's own name. */
  readonly me: string;
  /** The name of a room that one may enter, as it is written; undefined where there is none. */
  room: (name: string) => string | undefined;
  /** The name of somebody who is inside, as it is written; undefined where nobody is called so. */
  person: (name: string) => string | undefined;
  readonly chat: Chat;
  readonly here: RoomState;
  /** Goes to the message of a key. */
  seek: (key: number) => void;
}

const [read, write, has] = createContext<Talk>();

/** Tells the messages below what the names in them mean. */
export const setTalk = write;

/** What the names in a message mean; null outside of a conversation. */
export const talk = (): Talk | null => (has() ? read() : null);
