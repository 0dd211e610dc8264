import type { Command } from '../wire.gen';
import type { Frame } from './frames';

/** The server refused a command; `code` is one of docs/protocol.md, "Errors". */
export class CommandError extends Error {
  readonly code: string;
  readonly field: string;
  /** After how many milliseconds another try makes sense; 0 where waiting does not help. */
  readonly retryMs: number;

  constructor(code: string, message: string, field = '', retryMs = 0) {
    super(message);
    this.name = 'CommandError';
    this.code = code;
    this.field = field;
    this.retryMs = retryMs;
  }
}

/** The connection ended before the answer came. Whether the server carried the command out is not known. */
export class ConnectionLost extends Error {
  constructor() {
    super('The connection was lost before the answer came.');
    this.name = 'ConnectionLost';
  }
}

interface Pending {
  resolve: (answer: Frame) => void;
  reject: (error: Error) => void;
  /** What type of frame answers it. */
  answer: Frame['type'];
}

/** A command without its ref, which is the client's own affair. */
export type Asked = Omit<Command, 'ref'>;

const answers: Record<string, Frame['type']> = {
  join: 'joined',
  leave: 'left',
  post: 'posted',
  typing: 'ok',
  occupants: 'occupants',
  ping: 'ok',
};

/** The commands of one connection that wait for their answers. */
export class Commands {
  readonly #pending = new Map<number, Pending>();
  #last = 0;

  /** Gives the command its ref; the promise settles by `answer` or `lose`. */
  ask(asked: Asked): { command: Command; answer: Promise<Frame> } {
    const ref = ++this.#last;
    const answer = new Promise<Frame>((resolve, reject) => {
      this.#pending.set(ref, { resolve, reject, answer: answers[asked.type] ?? 'ok' });
    });
    return { command: { ...asked, ref }, answer };
  }

  /** Settles the command that the frame answers. False if it answers none, or not in the right form. */
  answer(frame: Frame): boolean {
    if (!('ref' in frame)) return false;
    const pending = this.#pending.get(frame.ref);
    if (!pending || (frame.type !== 'error' && frame.type !== pending.answer)) return false;
    this.#pending.delete(frame.ref);
    if (frame.type === 'error') {
      pending.reject(new CommandError(frame.code, frame.message, frame.field, frame.retry_ms));
    } else {
      pending.resolve(frame);
    }
    return true;
  }

  /** Rejects all that wait, because their connection is gone. */
  lose(): void {
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of lost) pending.reject(new ConnectionLost());
  }

  get waiting(): number {
    return this.#pending.size;
  }
}
