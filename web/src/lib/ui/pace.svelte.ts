/** Messages within this time, in milliseconds, count as coming together; and so often it is said how many there were. */
const span = 3000;
/** More than so many are too many to be read out. */
const readable = 5;
/** More than so many are too many to be read. */
const legible = 150;
/** After so long at the end, in milliseconds, what comes is read out: not what was brought into the page by going there. */
const settling = 1000;

/** How fast messages come, and so how those who listen to the page are told of them: each, or how many there were. */
export class Pace {
  readonly #words: (count: number) => string;
  /** How many came when, within the last `span`. */
  #came: { at: number; count: number }[] = [];
  #sum = 0;
  /** Those that are still to be told of. */
  #waiting = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #settle: ReturnType<typeof setTimeout> | undefined;
  #fast = $state(false);
  #flood = $state(false);
  #apart = $state(false);
  #told = $state('');

  /** `words` says how many messages are new. */
  constructor(words: (count: number) => string) {
    this.#words = words;
  }

  /** Whether each message is read out as it comes. */
  get aloud(): boolean {
    return !this.#fast && !this.#apart;
  }
  /** Whether they come faster than anybody reads. */
  get flood(): boolean {
    return this.#flood;
  }
  /** What is said instead. */
  get told(): string {
    return this.#told;
  }

  /** So many messages came, by the clock of performance.now(). */
  heard(count: number, now: number): void {
    if (count === 0) return;
    const last = this.#came.at(-1);
    // In a flood each frame brings some: those of a tenth of a second are one entry.
    if (last && now - last.at < 100) last.count += count;
    else this.#came.push({ at: now, count });
    this.#sum += count;
    this.#look(now);
    if (!this.aloud) {
      this.#waiting += count;
      this.#timer ??= setTimeout(() => {
        this.#say();
      }, span);
    }
  }

  /** Says whether what comes is elsewhere than what is looked at, and what is looked at may be brought by scrolling. */
  stand(apart: boolean): void {
    clearTimeout(this.#settle);
    if (apart) this.#apart = true;
    else if (this.#apart) this.#settle = setTimeout(() => (this.#apart = false), settling);
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#settle);
  }

  #look(now: number): void {
    while (this.#came[0] && now - this.#came[0].at > span) this.#sum -= this.#came.shift()?.count ?? 0;
    this.#fast = this.#sum > readable;
    this.#flood = this.#sum > legible;
  }

  #say(): void {
    this.#timer = undefined;
    const words = this.#waiting > 0 ? this.#words(this.#waiting) : '';
    // The same words again are no change, and nobody would hear of them.
    this.#told = words !== '' && words === this.#told ? `${words}\u00a0` : words;
    this.#look(performance.now());
    if (words === '' && !this.#fast) return;
    this.#waiting = 0;
    this.#timer = setTimeout(() => {
      this.#say();
    }, span);
  }
}
