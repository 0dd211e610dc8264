import { createContext } from 'svelte';

/** What a conversation knows of the names in it. */
export interface Talk {
  /** One's own name. */
  readonly me: string;
  /** The name of a room that one may enter, as it is written; undefined where there is none. */
  room: (name: string) => string | undefined;
}

const [read, write, has] = createContext<Talk>();

/** Tells the messages below what the names in them mean. */
export const setTalk = write;

/** What the names in a message mean; null outside of a conversation. */
export const talk = (): Talk | null => (has() ? read() : null);
