import type { Item } from '../state/types';
import { Heights } from './heights';

/** What stands in the place of rows that are not there. */
export interface Space {
  kind: 'space';
  /** Below zero: no row has it. */
  key: number;
  height: number;
}

/** Keys from the first to the last. */
export interface Span {
  from: number;
  to: number;
}

/** What is seen of the rows, in pixels from the top of the first. */
export interface View {
  top: number;
  height: number;
  width: number;
}

/** How many rows are there in any case while there is time: what a short conversation has, a browser's search finds. */
export const few = 150;
/** So many pixels above and below what is seen are there, too; in windows that are higher, as much as is seen. */
const least = 600;
/** The same while messages come faster than anybody reads. */
const hasty = 150;

/** The index of the first item whose key is not below `key`. */
export function indexOf(items: readonly { key: number }[], key: number): number {
  let [from, to] = [0, items.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((items[middle]?.key ?? 0) < key) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** How high a row will be, about, in a conversation of a width. */
export function guess(item: Item, width: number): number {
  const day = item.newDay ? 40 : 0;
  if (item.kind !== 'said') return day + 34;
  const perLine = Math.max(20, (width - 90) / 7.5);
  let lines = 0;
  for (let from = 0; from >= 0 && from <= item.text.length && lines < 16;) {
    const end = item.text.indexOf('\n', from);
    lines += Math.max(1, Math.ceil(((end < 0 ? item.text.length : end) - from) / perLine));
    from = end < 0 ? -1 : end + 1;
  }
  return day + (item.head ? 38 : 4) + Math.min(lines, 16) * 24;
}

/**
 * Which rows of a conversation are in the page: those that are seen, some around them, and those that somebody is at with
 * the focus or has selected. The others are spaces of their height, so that twenty thousand cost what a hundred do.
 */
export class Rows {
  readonly #heights = new Heights();
  /** The keys that the page has while one reads somewhere above. */
  #around = $state.raw<Span>({ from: 0, to: 0 });
  #pins = $state.raw<readonly Span[]>([]);
  #view: View = { top: 0, height: least, width: 800 };
  /** The items that the heights are of. */
  #items: readonly Item[] = [];

  /** How high all rows are together. */
  get total(): number {
    return this.#heights.total;
  }

  /**
   * The rows that are to be in the page, and spaces for the others. `stuck` is that one is at the end, `quick` that messages
   * come faster than anybody reads.
   */
  shown(items: readonly Item[], stuck: boolean, quick: boolean): (Item | Space)[] {
    this.#know(items);
    const main = stuck ? this.#end(items, quick) : span(items, items.length > few ? this.#around : all);
    const spans = [main, ...this.#pins.map((pin) => span(items, pin))];
    return this.#spaced(items, joined(spans));
  }

  /** Says what is seen. Whoever is not at the end gets the rows around it. */
  look(view: View, stuck: boolean): void {
    this.#view = view;
    if (stuck) return;
    const over = this.#over();
    const { from, to } = this.#around;
    const bottom = view.top + view.height;
    // As long as half of what is around is left there is nothing to do.
    const above = this.#heights.top(from) <= Math.max(0, view.top - over / 2);
    const below = this.#heights.top(to + 1) >= Math.min(this.#heights.total, bottom + over / 2);
    if (above && below) return;
    this.#around = { from: this.#heights.at(view.top - over), to: this.#heights.at(bottom + over) };
  }

  /** Says how high rows are that are in the page. */
  measured(key: number, height: number): void {
    // One that went meanwhile is not known again.
    if (this.#heights.get(key) > 0 && height > 0) this.#heights.set(key, height);
  }

  /** Where a row is, in pixels from the top of the first. */
  top(key: number): number {
    return this.#heights.top(key);
  }

  /** The rows that stay in the page wherever one looks. */
  pin(pins: readonly Span[]): void {
    const same = pins.length === this.#pins.length && pins.every((pin, at) => equal(pin, this.#pins[at]));
    if (!same) this.#pins = pins;
  }

  /** Learns of items that came and went: what it costs is by their number, mostly. */
  #know(items: readonly Item[]): void {
    if (items === this.#items) return;
    const next = (this.#items.at(-1)?.key ?? -1) + 1;
    const first = items[0]?.key ?? next;
    const kept = this.#items.length - indexOf(this.#items, first);
    const news = items.length - indexOf(items, next);
    this.#heights.dropBefore(first);
    // Something was taken out between: the line about a lost connection.
    if (kept + news !== items.length) this.#forget(items);
    for (const item of items.slice(items.length - news)) {
      this.#heights.set(item.key, guess(item, this.#view.width));
    }
    this.#items = items;
  }

  /** Lets the height go of each row whose item is not there any more. */
  #forget(items: readonly Item[]): void {
    for (const { key } of this.#items) {
      if (items[indexOf(items, key)]?.key !== key) this.#heights.set(key, 0);
    }
  }

  /** How far around what is seen there are rows. */
  #over(): number {
    return Math.max(least, this.#view.height);
  }

  /** The newest, as many as are seen and some more. */
  #end(items: readonly Item[], quick: boolean): Span {
    const over = quick ? hasty : this.#over();
    const key = this.#heights.at(this.#heights.total - this.#view.height - over);
    const from = indexOf(items, key);
    return { from: quick ? from : Math.max(0, Math.min(from, items.length - few)), to: items.length - 1 };
  }

  /** The items of spans of indices that ascend, and spaces where items are left out. */
  #spaced(items: readonly Item[], spans: readonly Span[]): (Item | Space)[] {
    const shown: (Item | Space)[] = [];
    let [next, spaces] = [0, 0];
    const leave = (to: number): void => {
      if (to <= next) return;
      const [first, end] = [items[next], items[to]];
      const bottom = end ? this.#heights.top(end.key) : this.#heights.total;
      shown.push({ kind: 'space', key: --spaces, height: bottom - this.#heights.top(first?.key ?? 0) });
    };
    for (const { from, to } of spans) {
      leave(from);
      for (const item of items.slice(from, to + 1)) shown.push(item);
      next = to + 1;
    }
    leave(items.length);
    return shown;
  }
}

const all: Span = { from: 0, to: Infinity };

const equal = (a: Span, b: Span | undefined): boolean => a.from === b?.from && a.to === b.to;

/** The indices of the items whose keys are in a span. */
const span = (items: readonly Item[], { from, to }: Span): Span => ({
  from: indexOf(items, from),
  to: indexOf(items, to + 1) - 1,
});

/** Spans in their order, those that touch as one, without those that hold nothing. */
function joined(spans: readonly Span[]): Span[] {
  const some: Span[] = [];
  for (const next of spans.filter(({ from, to }) => from <= to).sort((a, b) => a.from - b.from)) {
    const last = some.at(-1);
    if (last && next.from <= last.to + 1) last.to = Math.max(last.to, next.to);
    else some.push({ ...next });
  }
  return some;
}
