import type { Figures } from './rest';

/** What was told of the server lately, figure by figure. */
export class Course {
  readonly #most: number;
  #last: Figures | null = null;
  #values: Record<string, readonly number[]> = {};

  /** Remembers at most so many of each. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Takes what was told, and gives the course of each figure. `rate` is of messages a second, since what was told before. */
  add(figures: Figures): Readonly<Record<string, readonly number[]>> {
    const { at, messages } = figures;
    const before = this.#last;
    this.#last = figures;
    // A server that was started anew counts from the beginning.
    const counts = before && at > before.at && messages >= before.messages;
    const next = {
      ...figures,
      ...(counts && { rate: ((messages - before.messages) * 1000) / (at - before.at) }),
    };
    for (const [name, value] of Object.entries(next))
      this.#values = { ...this.#values, [name]: [...(this.#values[name] ?? []), value].slice(-this.#most) };
    return this.#values;
  }
}

/** A time that something has lasted: "3 days, 4:05:06". */
export function lasting(ms: number, days: (n: number) => string): string {
  const seconds = Math.floor(ms / 1000);
  const two = (n: number): string => n.toString().padStart(2, '0');
  const clock = `${Math.floor((seconds % 86_400) / 3600)}:${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
  return seconds < 86_400 ? clock : `${days(Math.floor(seconds / 86_400))}, ${clock}`;
}

/**
 * The line of values in a box of the width and height, from the left: what `points` of a polyline is. The ground is nothing, and
 * above the most a fifth of the box stays free.
 */
export function line(values: readonly number[], width: number, height: number): string {
  const most = Math.max(...values, Number.MIN_VALUE) * 1.25;
  const step = width / Math.max(values.length - 1, 1);
  return values
    .map((value, i) => {
      const y = height - (value / most) * height;
      return `${(i * step).toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
}
