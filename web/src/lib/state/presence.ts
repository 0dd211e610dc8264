import type { Status } from '../client/status';

/** After so long, in milliseconds, without a key, a touch or a movement the person is away. */
export const idleTime = 5 * 60_000;
/** So long, in milliseconds, it must stay as it is before it is told: who looks into another window is back in a moment. */
export const settleTime = 2000;

/** What somebody does who is there. */
const doings = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'focus'] as const;

/** Whether the person is at the page, and wants to be disturbed. */
export class Presence {
  readonly #tell: (status: Status) => void;
  /** What was asked for; active leaves it to what the person does. */
  #chosen: Status = 'active';
  #away = false;
  #told: Status = 'active';
  /** When something was done last, in milliseconds since 1970. */
  #doneAt = Date.now();
  #settling: ReturnType<typeof setTimeout> | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(tell: (status: Status) => void) {
    this.#tell = tell;
  }

  /** Watches the page until the function that it gives is called. */
  watch(): () => void {
    const done = (): void => {
      this.#doneAt = Date.now();
      if (this.#away && !document.hidden) this.#look();
    };
    const turned = (): void => {
      if (!document.hidden) this.#doneAt = Date.now();
      this.#look();
    };
    for (const doing of doings) addEventListener(doing, done, { passive: true, capture: true });
    document.addEventListener('visibilitychange', turned);
    this.#look();
    return () => {
      for (const doing of doings) removeEventListener(doing, done, { capture: true });
      document.removeEventListener('visibilitychange', turned);
      clearTimeout(this.#settling);
      clearTimeout(this.#idle);
    };
  }

  /** Told at once: it was asked for. */
  choose(status: Status): void {
    this.#chosen = status;
    this.#say();
  }

  #look(): void {
    const rest = this.#doneAt + idleTime - Date.now();
    const away = document.hidden || rest <= 0;
    clearTimeout(this.#idle);
    if (!away) {
      this.#idle = setTimeout(() => {
        this.#look();
      }, rest);
    }
    if (away === this.#away) return;
    this.#away = away;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      this.#say();
    }, settleTime);
  }

  #say(): void {
    const status = this.#chosen !== 'active' ? this.#chosen : this.#away ? 'away' : 'active';
    if (status === this.#told) return;
    this.#told = status;
    this.#tell(status);
  }
}
