import { CommandError, ConnectionLost } from './errors';
import type { Outcome } from './commands';

/**
 * Where one's own message is on its way.
 * waiting: for the connection, for the room, for the one before it, or for the server's leave to go on. sending: sent, not
 * acknowledged. taken: acknowledged, its event is still to come. failed: refused, or too old to be sent unasked.
 */
export type Stage = 'waiting' | 'sending' | 'taken' | 'failed';

/** One's own message whose event has not come yet. */
export interface Draft {
  readonly nonce: string;
  readonly text: string;
  /** The number of the message that it answers; 0 for none. */
  readonly reply: number;
  /** How loud it is, from -2 to 2. */
  readonly size: number;
  /** When it was written, or acknowledged, in milliseconds since 1970. */
  readonly at: number;
  readonly stage: Stage;
  /** Why it failed, in the server's words; empty otherwise. */
  readonly error: string;
  /** The code of that, or one of the page's own: `deleted`, `expired`, `expired_tried`. Missing where it did not fail. */
  readonly code?: string;
  /** Known once it is taken. */
  readonly seq: number;
  readonly heard: number;
  /** It was sent at least once: somebody may have heard it. */
  readonly tried: boolean;
}

/** After this time, in milliseconds, a message is not sent any more without being asked: it would come as a surprise. */
export const longestWait = 5 * 60_000;
/** The least time, in milliseconds, before a refused message is sent again by itself. */
const leastPause = 250;

export interface OutboxCalls {
  /** Sends one message; there is at most one on its way. */
  send: (draft: Draft, done: (outcome: Outcome) => void) => void;
  /** Something is different. `said` were heard, but their events will not come. */
  changed: (said: readonly Draft[]) => void;
  /** The server says that one is not in the room. False: there is nothing to be done about that. */
  stray: () => boolean;
}

/** A name of one's own for a message. Not randomUUID: that is missing where the page comes over plain HTTP. */
export function newNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * What one says in a room, until it is heard. Messages go out in the order in which they were written, each after the one
 * before it was answered, and again under the same nonce until they are: the server and those who hear drop the doubles.
 */
export class Outbox {
  readonly #calls: OutboxCalls;
  #drafts: readonly Draft[] = [];
  /** The drafts as they were told last. */
  #told: readonly Draft[] = this.#drafts;
  /** When each draft that may still go out by itself is too old. */
  readonly #deadlines = new Map<string, number>();
  #open = false;
  /** The nonce of the one that is on its way; empty for none. */
  #flying = '';
  #pause: ReturnType<typeof setTimeout> | undefined;
  #expiry: ReturnType<typeof setTimeout> | undefined;

  constructor(calls: OutboxCalls) {
    this.#calls = calls;
  }

  get drafts(): readonly Draft[] {
    return this.#drafts;
  }

  /** Takes a message; it goes out as soon as it can. */
  add(text: string, reply = 0, size = 0): void {
    const nonce = newNonce();
    this.#deadlines.set(nonce, Date.now() + longestWait);
    this.#drafts = [
      ...this.#drafts,
      {
        nonce,
        text,
        reply,
        size,
        at: Date.now(),
        stage: 'waiting',
        error: '',
        seq: 0,
        heard: 0,
        tried: false,
      },
    ];
    this.#pump();
  }

  /** Takes over what another one had, which is no more: what was on its way goes out again, under its nonce. */
  restore(drafts: readonly Draft[]): void {
    for (const { nonce, at } of drafts) this.#deadlines.set(nonce, at + longestWait);
    this.#drafts = drafts;
    this.shut();
    this.#pump();
  }

  /** What was said before is out of reach, and its numbers may be those of other messages: nothing answers it any more. */
  unreply(): void {
    this.#each(
      ({ reply }) => reply !== 0,
      (draft) => ({ ...draft, reply: 0 }),
    );
  }

  /** One is in the room: what waits goes out. */
  open(): void {
    this.#open = true;
    this.#pump();
  }

  /** One is not in the room any more, for now. What was on its way will be sent again. */
  shut(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#open = false;
    this.#flying = '';
    this.#each(
      ({ stage }) => stage === 'sending',
      (draft) => ({ ...draft, stage: 'waiting' }),
    );
    this.#tell();
  }

  /** The event of a message of one's own came. */
  heard(nonce: string): void {
    if (!this.#drafts.some((draft) => draft.nonce === nonce)) return;
    this.#remove((draft) => draft.nonce === nonce);
    if (this.#flying === nonce) this.#flying = '';
    this.#pump();
  }

  /** The events up to this number will not come any more, if they did not yet. */
  settle(seq: number): void {
    const settled = (draft: Draft): boolean => draft.stage === 'taken' && draft.seq <= seq;
    const said = this.#drafts.filter(settled);
    if (said.length === 0) return;
    this.#remove(settled);
    this.#tell(said);
  }

  /** Sends a failed one again. */
  retry(nonce: string): void {
    const failed = (draft: Draft): boolean => draft.nonce === nonce && draft.stage === 'failed';
    if (!this.#drafts.some(failed)) return;
    this.#deadlines.set(nonce, Date.now() + longestWait);
    this.#each(failed, (draft) => ({ ...draft, stage: 'waiting', error: '' }));
    this.#pump();
  }

  discard(nonce: string): void {
    this.#remove((draft) => draft.nonce === nonce);
    if (this.#flying === nonce) this.#flying = '';
    this.#pump();
  }

  /** The room is over: nothing goes out any more. */
  fail(error: string, code: string): void {
    this.shut();
    this.#each(
      ({ stage }) => stage === 'waiting',
      (draft) => ({ ...draft, stage: 'failed', error, code }),
    );
    this.#tell();
  }

  /** Forgets all and tells nothing more. */
  end(): void {
    clearTimeout(this.#pause);
    clearTimeout(this.#expiry);
    this.#open = false;
    this.#drafts = [];
    this.#deadlines.clear();
  }

  #pump(): void {
    this.#expire();
    const next = this.#drafts.find(({ stage }) => stage === 'waiting');
    if (next && this.#open && this.#flying === '' && this.#pause === undefined) {
      this.#flying = next.nonce;
      this.#set(next.nonce, { stage: 'sending', tried: true });
      this.#tell();
      this.#calls.send(next, (outcome) => {
        this.#answered(next.nonce, outcome);
      });
      return;
    }
    this.#tell();
  }

  #answered(nonce: string, outcome: Outcome): void {
    if (outcome instanceof ConnectionLost) return;
    // The event may have come first, or the message was discarded: then there is nothing to say of it.
    const draft = this.#drafts.find((one) => one.nonce === nonce);
    if (this.#flying === nonce) this.#flying = '';
    if (outcome instanceof CommandError) {
      if (draft?.stage === 'sending') this.#refused(nonce, outcome);
    } else if (outcome.type === 'posted') {
      const { seq, heard, at } = outcome;
      this.#set(nonce, { stage: 'taken', error: '', seq, heard, at });
    }
    this.#pump();
  }

  #refused(nonce: string, error: CommandError): void {
    const { code } = error;
    if (code === 'rate_limited' || code === 'busy') {
      this.#set(nonce, { stage: 'waiting' });
      this.#pause = setTimeout(
        () => {
          this.#pause = undefined;
          this.#pump();
        },
        Math.max(error.retryMs, leastPause),
      );
    } else if (code === 'stopping') {
      // The connection ends soon; the next one tries again.
      this.#set(nonce, { stage: 'waiting' });
      this.#open = false;
    } else if (code === 'not_in_room' && this.#calls.stray()) {
      this.#set(nonce, { stage: 'waiting' });
    } else if (error.field === 'reply') {
      // What it answers is out of reach by now; it can be said all the same.
      this.#set(nonce, { stage: 'waiting', reply: 0 });
    } else {
      this.#set(nonce, { stage: 'failed', error: error.message, code });
    }
  }

  /** What is too old fails, and the clock is set for the next that will be. */
  #expire(): void {
    const now = Date.now();
    let next = Infinity;
    for (const draft of this.#drafts) {
      const deadline = this.#deadlines.get(draft.nonce) ?? 0;
      if (draft.stage !== 'waiting' && draft.stage !== 'sending') continue;
      if (deadline > now) next = Math.min(next, deadline);
      else {
        if (this.#flying === draft.nonce) this.#flying = '';
        const code = draft.tried ? 'expired_tried' : 'expired';
        this.#set(draft.nonce, { stage: 'failed', error: '', code });
      }
    }
    clearTimeout(this.#expiry);
    if (next === Infinity) return;
    this.#expiry = setTimeout(() => {
      this.#pump();
    }, next - now);
  }

  #set(nonce: string, by: Partial<Draft>): void {
    this.#each(
      (draft) => draft.nonce === nonce,
      (draft) => ({ ...draft, ...by }),
    );
  }

  #each(test: (draft: Draft) => boolean, change: (draft: Draft) => Draft): void {
    if (!this.#drafts.some(test)) return;
    this.#drafts = this.#drafts.map((draft) => (test(draft) ? change(draft) : draft));
  }

  #remove(test: (draft: Draft) => boolean): void {
    for (const { nonce } of this.#drafts.filter(test)) this.#deadlines.delete(nonce);
    this.#drafts = this.#drafts.filter((draft) => !test(draft));
  }

  #tell(said: readonly Draft[] = []): void {
    if (this.#told === this.#drafts && said.length === 0) return;
    this.#told = this.#drafts;
    this.#calls.changed(said);
  }
}
