/** How long at most, in milliseconds, the page rests between two drawings, and waits where it is given no frames. */
const longest = 50;
const unseen = 200;

/**
 * When what comes by itself is drawn: in the next frame, as long as that leaves the page half of its time. Where a drawing takes
 * longer than half a frame the page rests for as long as it took, and so a key is answered at once, however much is said, and
 * on a slow machine as well. What one does oneself does not wait for this.
 */
export class Pulse {
  readonly #draw: () => void;
  #called = false;
  /** Before this the page rests, by performance.now(). */
  #rests = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  /** There is something to draw. */
  call(): void {
    if (this.#called) return;
    this.#called = true;
    requestAnimationFrame(this.#frame);
    // A page in the background is given no frames.
    this.#timer = setTimeout(this.#go, unseen);
  }

  /** Nothing is drawn that was called for. */
  stop(): void {
    this.#called = false;
    clearTimeout(this.#timer);
  }

  readonly #frame = (): void => {
    if (!this.#called) return;
    const began = performance.now();
    if (began < this.#rests) {
      requestAnimationFrame(this.#frame);
      return;
    }
    this.#go();
    // Runs when this frame was painted.
    setTimeout(() => {
      const now = performance.now();
      this.#rests = now + Math.min(now - began, longest);
    }, 0);
  };

  readonly #go = (): void => {
    if (!this.#called) return;
    this.stop();
    this.#draw();
  };
}
