/** A name that is known, and what was written after it. */
export interface Called {
  /** The name as it was written. */
  name: string;
  /** The name as it is. */
  room: string;
  rest: string;
}

/**
 * The longest beginning of `text` that is the name of something, where only signs follow: a name may end with a point, and so
 * may a sentence. `find` gives the name as it is, for one as it was written.
 */
export function called(text: string, find: (name: string) => string | undefined): Called | null {
  for (let end = text.length; end > 0; end--) {
    const name = text.slice(0, end);
    const room = find(name);
    if (room !== undefined) return { name, room, rest: text.slice(end) };
    if (!/[._@+-]$/.test(name)) return null;
  }
  return null;
}
