import { sentence } from '../../api';
import type { Filter, Page } from './rest';

/** A list that is looked at a page at a time, and may be narrowed. */
export class Listing<Entry> {
  readonly #load: (filter: Filter) => Promise<Page<Entry>>;
  readonly #wanted: () => Filter;
  #filter: Filter = {};
  /** Where the pages before this one began. */
  #before = $state.raw<readonly string[]>([]);
  #after = '';
  #next = $state('');
  #entries = $state.raw<readonly Entry[] | null>(null);
  #fault = $state('');
  #busy = $state(false);
  #asked = 0;

  /** `wanted` says what the list is to be narrowed to now. */
  constructor(load: (filter: Filter) => Promise<Page<Entry>>, wanted: () => Filter = () => ({})) {
    this.#load = load;
    this.#wanted = wanted;
  }

  /** The page; null until it is there. */
  get entries(): readonly Entry[] | null {
    return this.#entries;
  }
  get fault(): string {
    return this.#fault;
  }
  get busy(): boolean {
    return this.#busy;
  }
  get hasNext(): boolean {
    return this.#next !== '';
  }
  get hasPrevious(): boolean {
    return this.#before.length > 0;
  }
  /** Which page it is, from 1. */
  get number(): number {
    return this.#before.length + 1;
  }

  /** Shows the first page of what is wanted now. */
  narrow(): Promise<void> {
    this.#filter = this.#wanted();
    this.#before = [];
    this.#after = '';
    return this.reload();
  }

  next(): Promise<void> {
    this.#before = [...this.#before, this.#after];
    this.#after = this.#next;
    return this.reload();
  }

  previous(): Promise<void> {
    this.#after = this.#before.at(-1) ?? '';
    this.#before = this.#before.slice(0, -1);
    return this.reload();
  }

  /** Asks for the page anew. Of several askings the last one counts. */
  async reload(): Promise<void> {
    const asked = (this.#asked += 1);
    this.#busy = true;
    try {
      const { entries, next } = await this.#load({ ...this.#filter, after: this.#after });
      if (asked !== this.#asked) return;
      this.#entries = entries;
      this.#next = next;
      this.#fault = '';
    } catch (error) {
      if (asked === this.#asked) this.#fault = sentence(error);
    } finally {
      if (asked === this.#asked) this.#busy = false;
    }
  }
}
