/** A part of the page that is loaded when it is needed, or when there is nothing else to do. */
export class Lazy<Part> {
  readonly #fetch: () => Promise<Part>;
  #part = $state.raw<Part | null>(null);
  #loading: Promise<Part | null> | null = null;

  constructor(fetch: () => Promise<Part>) {
    this.#fetch = fetch;
  }

  /** The part, once it is there. */
  get part(): Part | null {
    return this.#part;
  }

  /** Loads it; null where it cannot be had now. The next call tries again: a server that was upgraded has other files. */
  load(): Promise<Part | null> {
    this.#loading ??= this.#fetch().then(
      (part) => (this.#part = part),
      () => {
        this.#loading = null;
        return null;
      },
    );
    return this.#loading;
  }
}

/** How a message with markdown is read and shown. */
export const reading = new Lazy(() => import('./markdown/reading'));

/** What helps whoever writes: completion, commands, emoji. */
export const writing = new Lazy(() => import('./compose/writing'));

/** What notices for a person who is elsewhere, and takes them around by keys. */
export const around = new Lazy(() => import('./notice/around'));

/** What is said in a room, and where one says it: whoever comes to log in does without. */
export const conversation = new Lazy(() => import('./ui/RoomPlace.svelte').then((part) => part.default));

/** The people's pane, which a phone mostly does without. */
export const occupants = new Lazy(() => import('./ui/Occupants.svelte'));

/** Does something when the page was painted as it is now. */
export function afterPaint(what: () => void): void {
  requestAnimationFrame(() => setTimeout(what, 0));
}

/** So long, in milliseconds, what is for later waits at least: a page has not much to do by then. */
const opening = 1000;

/** Does something once the page stands and there is nothing else to do. Some browsers do not say when that is. */
export function atLeisure(what: () => void): void {
  setTimeout(() => {
    if ('requestIdleCallback' in globalThis) requestIdleCallback(what, { timeout: 5000 });
    else what();
  }, opening);
}
