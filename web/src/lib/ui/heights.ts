const bits = 7;
const run = 1 << bits;

/** The heights of a run of rows. */
interface Run {
  readonly heights: Float64Array;
  sum: number;
}

/**
 * How high the rows of a list are, in pixels, by keys that ascend: measured, or guessed where nobody has seen them yet. A key
 * that names no row any more has no height. Every question costs a look at each run of 128 rows and at the rows of one run.
 */
export class Heights {
  /** Of the keys from `#first << bits` on, one after the other. */
  #runs: Run[] = [];
  #first = 0;
  #total = 0;

  /** The height of all rows together. */
  get total(): number {
    return this.#total;
  }

  get(key: number): number {
    return this.#runs[(key >> bits) - this.#first]?.heights[key & (run - 1)] ?? 0;
  }

  /** Says how high a row is. A key below those that were let go of is ignored. */
  set(key: number, height: number): void {
    const at = key >> bits;
    if (this.#runs.length === 0) this.#first = at;
    if (at < this.#first) return;
    while (this.#first + this.#runs.length <= at) {
      this.#runs.push({ heights: new Float64Array(run), sum: 0 });
    }
    const here = this.#runs[at - this.#first];
    if (!here) return;
    const more = height - (here.heights[key & (run - 1)] ?? 0);
    here.heights[key & (run - 1)] = height;
    here.sum += more;
    this.#total += more;
  }

  /** Lets go of all rows before a key. */
  dropBefore(key: number): void {
    const at = key >> bits;
    while (this.#runs.length > 0 && this.#first < at) {
      this.#total -= this.#runs.shift()?.sum ?? 0;
      this.#first += 1;
    }
    if (this.#first !== at) return;
    for (let old = at << bits; old < key; old++) this.set(old, 0);
  }

  /** How high all rows before a key are together: where its row begins. */
  top(key: number): number {
    const at = (key >> bits) - this.#first;
    let top = 0;
    for (let index = 0; index < Math.min(at, this.#runs.length); index++) top += this.#runs[index]?.sum ?? 0;
    const here = at < 0 ? undefined : this.#runs[at];
    for (let slot = 0; here && slot < (key & (run - 1)); slot++) top += here.heights[slot] ?? 0;
    return top;
  }

  /** The key of the row at so many pixels from the top: the first row's or the last's, where there is none. */
  at(y: number): number {
    let top = 0;
    let last = this.#first << bits;
    for (const [index, here] of this.#runs.entries()) {
      const bottom = top + here.sum;
      if (bottom > y || index === this.#runs.length - 1) {
        for (let slot = 0; slot < run; slot++) {
          const height = here.heights[slot] ?? 0;
          if (height === 0) continue;
          last = ((this.#first + index) << bits) + slot;
          top += height;
          if (top > y) break;
        }
        return last;
      }
      top = bottom;
    }
    return last;
  }
}
