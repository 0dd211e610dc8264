/**
 * What the tabs of a browser tell each other, by locks: a lock is let go when a tab is closed or crashes, and nothing of it
 * is written down. Where there are none, because the page came over plain HTTP, each tab is alone.
 */

const lookingAt = (user: number, room: number): string => `earshot.looking.${user}.${room}`;

const locks = (): LockManager | undefined => (navigator as Partial<Navigator>).locks;

/** Says that a room is before the person's eyes, until the function that it gives is called. */
export function showsRoom(user: number, room: number): () => void {
  let release = (): void => undefined;
  const over = new Promise<void>((done) => (release = done));
  const stop = new AbortController();
  locks()
    ?.request(lookingAt(user, room), { mode: 'shared', signal: stop.signal }, () => over)
    .catch(() => {
      // It was over before it was granted.
    });
  return () => {
    stop.abort();
    release();
  };
}

/** Whether any tab shows the room. */
export async function isShown(user: number, room: number): Promise<boolean> {
  const { held = [] } = (await locks()?.query()) ?? {};
  return held.some(({ name }) => name === lookingAt(user, room));
}

/** How long, in milliseconds, what was told is not told again: another tab hears of it later, when its timers sleep. */
const again = 4000;

/** Whether this tab is the one to tell of something: of all tabs only one is, and once in a while. */
export async function isMine(user: number, what: string): Promise<boolean> {
  const manager = locks();
  if (!manager) return true;
  return await new Promise<boolean>((tell) => {
    const held = async (lock: Lock | null): Promise<void> => {
      tell(lock !== null);
      if (lock) await new Promise((done) => setTimeout(done, again));
    };
    manager.request(`earshot.told.${user}.${what}`, { ifAvailable: true }, held).catch(() => {
      tell(false);
    });
  });
}
