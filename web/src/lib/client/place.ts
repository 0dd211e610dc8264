import type { Message } from '../wire.gen';
import type { Numbered } from './frames';

/** How many messages of a room are remembered to know one that comes again. */
export const mostRecent = 300;

/**
 * absent: not in the room on this connection. joining: asked for. returning: a resumed session is in it, and what was missed
 * is still to come. inside: its events are heard.
 */
export type PlaceState = 'absent' | 'joining' | 'returning' | 'inside';

/** Why events of a room are missing: docs/protocol.md, "Resume", says when the first three happen. */
export type Why =
  /** The session came back, but the server has the first of the missed events no more. */
  | 'lost'
  /** The session is over: away for too long, or ended by the server. */
  | 'away'
  /** Another epoch: the server was restarted. */
  | 'restart'
  /** A number was left out; this should not happen. */
  | 'hole';

/** What became of an event: whether it is to be shown, and how many before it are missing. */
export interface Taken {
  fresh: boolean;
  missing: number;
}

/** What tells one text from another and does not tell what it is: of what was said nothing is kept here. */
function digest(text: string): number {
  let one = 0xdeadbeef;
  let two = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    one = Math.imul(one ^ unit, 2654435761);
    two = Math.imul(two ^ unit, 1597334677);
  }
  return 4294967296 * (two & 0x1fffff) + (one >>> 0);
}

/** A room that one wants to be in: how far its events were heard, and whether that is without a hole. */
export class Place {
  state: PlaceState = 'absent';
  /** The number of the last event that was heard, or of the entrance if none came after it; -1 before that. */
  seq = -1;
  /** Why a part of what was said is lost for good, to be told when the room is entered anew; null where it is not. */
  missed: Why | null = null;
  /** How often the server said that one is not inside, without an entrance in between. */
  strays = 0;
  /** What the last messages were, by author and nonce. */
  readonly #recent = new Map<string, number>();

  /** Whether it was entered in this session or the one before. */
  get known(): boolean {
    return this.seq >= 0;
  }

  /** The session that heard the room is over. */
  forget(why: Why): void {
    if (this.known) this.missed = why;
    this.seq = -1;
  }

  /** Takes an event in its order. One that was had already, or a message that was sent again, is not fresh. */
  take(frame: Numbered): Taken {
    if (frame.seq <= this.seq) return { fresh: false, missing: 0 };
    const missing = frame.seq - this.seq - 1;
    this.seq = frame.seq;
    return { fresh: frame.type !== 'message' || this.#unheard(frame), missing };
  }

  /**
   * A message that was heard just before the server died is sent again by an author who never learned of it. The text is
   * compared too: an author who uses a nonce twice loses nothing by it.
   */
  #unheard({ user, nonce, text }: Message): boolean {
    const key = `${user.id} ${nonce}`;
    const said = digest(text);
    if (this.#recent.get(key) === said) return false;
    this.#recent.delete(key);
    this.#recent.set(key, said);
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= mostRecent) break;
      this.#recent.delete(oldest);
    }
    return true;
  }
}
