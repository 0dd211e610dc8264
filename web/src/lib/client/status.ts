import { CommandError, ConnectionLost } from './errors';
import type { Asked, Done } from './commands';

/** What a session says of the person before it: docs/protocol.md, `status`. */
export type Status = 'active' | 'away' | 'dnd';

/** The least time, in milliseconds, before a refused status is told again. */
const leastRetry = 1000;

/** Sees to it that the session has the status that it should have. A new session is active. */
export class StatusTeller {
  readonly #ask: (asked: Asked, done: Done) => void;
  #wanted: Status = 'active';
  /** What the session has; null where that is not known. */
  #told: Status | null = 'active';
  #ready = false;
  #asking = false;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: (asked: Asked, done: Done) => void) {
    this.#ask = ask;
  }

  get wanted(): Status {
    return this.#wanted;
  }

  set(status: Status): void {
    this.#wanted = status;
    this.#tell();
  }

  /** Goes on with the session of another page: which status that has is not known. */
  restore(): void {
    this.#told = null;
  }

  /** The connection's session is known: a new one is active, one that goes on has the status that it had. */
  begin(fresh: boolean): void {
    this.#ready = true;
    if (fresh) this.#told = 'active';
    this.#tell();
  }

  lost(): void {
    clearTimeout(this.#retry);
    this.#ready = false;
    this.#asking = false;
  }

  forget(): void {
    this.lost();
    this.#wanted = 'active';
    this.#told = 'active';
  }

  #tell(): void {
    if (!this.#ready || this.#asking || this.#told === this.#wanted) return;
    const status = this.#wanted;
    this.#asking = true;
    this.#told = null;
    this.#ask({ type: 'status', status }, (outcome) => {
      // Whether the server heard it is not known; if the session goes on, it is told again.
      if (outcome instanceof ConnectionLost) return;
      this.#asking = false;
      if (outcome instanceof CommandError && outcome.retryMs > 0) {
        this.#retry = setTimeout(
          () => {
            this.#tell();
          },
          Math.max(outcome.retryMs, leastRetry),
        );
        return;
      }
      // A refusal for good is not asked for again.
      this.#told = status;
      this.#tell();
    });
  }
}
