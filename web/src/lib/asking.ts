import type { Frame } from './client/frames';
import type { Shown } from './faces.svelte';
import { faces } from './faces.svelte';
import { own } from './own';
import type { User } from './wire.gen';

/** How long, in milliseconds, it is gathered whom one wants to see. */
const gathering = 30;
/** How long after one answer the next question is put, in milliseconds. */
const pause = 1000;
/** As long, in milliseconds, what was told is taken for true when somebody is met again. */
const fresh = 60_000;
/** Over so long, in milliseconds, it is spread that a room full of pages asks after the one who came in. */
const spread = 5000;
/** So many are asked about at once; the server takes no more (docs/protocol.md, `GET /api/v1/profiles`). */
const most = 100;
const nothing = { name: '', avatar: '' };

/** Asks what others show of themselves, many together, however many rows they stand in; from when it is made until it is stopped. */
export class Asking {
  readonly #fetch: (ids: readonly number[]) => Promise<Shown>;
  /** When each was told of. */
  readonly #at = new Map<number, number>();
  readonly #wanted = new Set<number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = 0;
  /** When the next question may be put. */
  #next = 0;
  #over = false;

  constructor(fetch: (ids: readonly number[]) => Promise<Shown> = own.faces) {
    this.#fetch = fetch;
    faces.ask(this);
  }

  /** Somebody is to be seen. */
  want(id: number): void {
    if (this.#wanted.has(id)) return;
    this.#wanted.add(id);
    this.#ask(gathering);
  }

  /** The server tells what somebody shows, or that one is in a room with somebody from now on. */
  heard(frame: Frame): void {
    if (frame.type === 'profile') {
      faces.tell([[frame.user.id, { name: frame.display_name, avatar: frame.avatar }]]);
    } else if (frame.type === 'entered') this.#met(frame.users);
    else if (frame.type === 'joined' || frame.type === 'returned') this.#met(frame.occupants);
  }

  /** What one knew of them from before may be of yesterday. */
  #met(users: readonly User[]): void {
    const now = Date.now();
    for (const { id } of users) {
      const at = this.#at.get(id);
      if (at !== undefined && now - at > fresh) this.#wanted.add(id);
    }
    // Those that could not be asked about are among them.
    if (this.#wanted.size > 0) this.#ask(Math.random() * spread);
  }

  told(shown: Shown): void {
    const now = Date.now();
    for (const id of shown.keys()) {
      this.#at.set(id, now);
      this.#wanted.delete(id);
    }
  }

  /** Asks no more; all is forgotten. */
  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    faces.forget(this);
  }

  /** Asks within so many milliseconds, or when it may. */
  #ask(within: number): void {
    const now = Date.now();
    const due = Math.max(now + within, this.#next);
    if (this.#over || due === Infinity || (this.#timer !== undefined && this.#due <= due)) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => void this.#question(), due - now);
  }

  async #question(): Promise<void> {
    this.#timer = undefined;
    const ids = [...this.#wanted].slice(0, most);
    if (ids.length === 0) return;
    // Until there is an answer no other question is put.
    this.#next = Infinity;
    let found: Shown;
    try {
      found = await this.#fetch(ids);
    } catch {
      // Without a connection, or too often: it is asked again when somebody is met, or seen for the first time.
      this.#next = Date.now() + pause;
      return;
    }
    if (this.#over) return;
    this.#next = Date.now() + (this.#wanted.size > most ? 0 : pause);
    // What the server does not know is nothing, and is not asked for again.
    faces.tell(new Map(ids.map((id) => [id, found.get(id) ?? nothing])));
    if (this.#wanted.size > 0) this.#ask(0);
  }
}
