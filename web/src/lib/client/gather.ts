/**
 * So often at most, in milliseconds, what is gathered goes: half a frame, so that it is in the next one, and so that a line is
 * not used more than 125 times a second, however much is said.
 */
const every = 8;

/**
 * Gathers what goes over a line to another thread, which costs by itself, whatever is in it: five thousand messages one by
 * one cost the page more than all that it does with them. The first after a while goes at once, and all go in their order.
 */
export class Gather<One> {
  readonly #send: (some: readonly One[]) => void;
  #some: One[] = [];
  /** When something went last that could wait, by performance.now(). */
  #went = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (some: readonly One[]) => void) {
    this.#send = send;
  }

  /** Takes one that can wait for more. */
  put(one: One): void {
    this.#some.push(one);
    if (this.#timer !== undefined) return;
    const rest = this.#went + every - performance.now();
    if (rest <= 0) this.#late();
    else this.#timer = setTimeout(this.#late, rest);
  }

  /** Takes one that cannot wait. It goes at once, behind all that waits. */
  rush(one: One): void {
    this.#some.push(one);
    this.#go();
  }

  /** Lets go of what waits. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#some = [];
  }

  readonly #late = (): void => {
    this.#went = performance.now();
    this.#go();
  };

  #go(): void {
    const some = this.#some;
    this.stop();
    this.#send(some);
  }
}
