import type { Command } from '../wire.gen';
import { CommandError, ConnectionLost } from './errors';
import type { Frame } from './frames';

/** How a command ended: the answer, a refusal, or the end of its connection. */
export type Outcome = Frame | CommandError | ConnectionLost;

/** Is called once with the outcome, while the answer is being read: before any frame that came after it. */
export type Done = (outcome: Outcome) => void;

interface Pending {
  done: Done;
  /** What type of frame answers it. */
  answer: Frame['type'];
}

/** A command without its ref, which is the client's own affair. */
export type Asked = Omit<Command, 'ref'>;

const answers: Record<string, Frame['type']> = {
  join: 'joined',
  leave: 'left',
  post: 'posted',
  edit: 'posted',
  occupants: 'occupants',
  resume: 'resumed',
};

/** The commands of one connection that wait for their answers. */
export class Commands {
  readonly #pending = new Map<number, Pending>();
  #last = 0;

  /** Gives the command its ref; it is settled by `answer` or `lose`. */
  ask(asked: Asked, done: Done): Command {
    const ref = ++this.#last;
    this.#pending.set(ref, { done, answer: answers[asked.type] ?? 'ok' });
    return { ...asked, ref };
  }

  /** Settles the command that the frame answers. False if it answers none, or not in the right form. */
  answer(frame: Frame): boolean {
    if (!('ref' in frame)) return false;
    const pending = this.#pending.get(frame.ref);
    if (!pending || (frame.type !== 'error' && frame.type !== pending.answer)) return false;
    this.#pending.delete(frame.ref);
    pending.done(
      frame.type === 'error'
        ? new CommandError(frame.code, frame.message, frame.field, frame.retry_ms)
        : frame,
    );
    return true;
  }

  /** Settles all that wait, because their connection is gone. */
  lose(): void {
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    for (const { done } of lost) done(new ConnectionLost());
  }
}
