import { options, wanted } from './completion';
import type { Option, Wanted } from './completion';
import { emojis } from './emoji';
import { insert } from './format';
import type { Place } from './place';

/**
 * What is written for a suggestion, from where to where: with the rest of the name where the caret stands in it, and without a
 * blank before one or before what closes a sentence.
 */
function fitted({ insert: text }: Option, { start, end }: Wanted, value: string): [string, number, number] {
  const word = /^\S[\p{L}\p{N}\p{M}_.@+-]*/u.exec(value.slice(start))?.[0] ?? '';
  const until = text.toLowerCase().startsWith(word.toLowerCase()) ? Math.max(end, start + word.length) : end;
  const after = value.slice(until);
  if (!text.endsWith(' ')) return [text, start, until];
  if (after.startsWith(' ')) return [text, start, until + 1];
  return [/^(?![@#])\p{P}/u.test(after) ? text.slice(0, -1) : text, start, until];
}

/** The suggestions while somebody types. */
export class Assist {
  #wanted: Wanted | null = null;
  #options = $state.raw<readonly Option[]>([]);
  #active = $state(0);
  /** Where Escape closed the list: it stays closed for what begins there. */
  #closed = -1;

  get options(): readonly Option[] {
    return this.#options;
  }
  /** Which of them is taken by Enter. */
  get active(): number {
    return this.#active;
  }
  get open(): boolean {
    return this.#options.length > 0;
  }

  /** To be called when the text or the caret changed. */
  look(input: HTMLTextAreaElement, place: Place): void {
    const { value, selectionStart, selectionEnd } = input;
    const next = selectionStart === selectionEnd ? wanted(value, selectionStart) : null;
    const before = this.#wanted;
    if (next?.start !== this.#closed) this.#closed = -1;
    this.#wanted = this.#closed < 0 ? next : null;
    if (!this.#wanted) {
      this.#options = [];
    } else if (before?.query !== this.#wanted.query || before.start !== this.#wanted.start) {
      void this.#find(this.#wanted, place);
    }
  }

  close(): void {
    this.#closed = this.#wanted?.start ?? -1;
    this.#wanted = null;
    this.#options = [];
  }

  async #find(sought: Wanted, place: Place): Promise<void> {
    // Emoji that cannot be loaded are not suggested.
    const emoji = sought.kind === 'emoji' ? await emojis().catch(() => []) : [];
    if (this.#wanted !== sought) return;
    this.#options = options(sought, place, emoji);
    this.#active = 0;
  }

  /** A key while the list is open; false if it is none of the list's. */
  key(event: KeyboardEvent, input: HTMLTextAreaElement): boolean {
    if (!this.open || event.shiftKey || event.altKey || event.ctrlKey || event.metaKey) return false;
    const { length } = this.#options;
    if (event.key === 'ArrowDown') this.#active = (this.#active + 1) % length;
    else if (event.key === 'ArrowUp') this.#active = (this.#active + length - 1) % length;
    else if (event.key === 'Enter' || event.key === 'Tab') this.take(this.#active, input);
    else if (event.key === 'Escape') this.close();
    else return false;
    return true;
  }

  /** Writes a suggestion in the place of what was typed of it. */
  take(index: number, input: HTMLTextAreaElement): void {
    const option = this.#options[index];
    const sought = this.#wanted;
    this.#wanted = null;
    this.#options = [];
    if (option && sought) insert(input, ...fitted(option, sought, input.value));
  }
}
