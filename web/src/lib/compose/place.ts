import type { Status } from '../client/status';
import type { Room, User } from '../wire.gen';

/** Where one writes: whom and what one can name there, and what commands can do. */
export interface Place {
  /** The people known to be inside. */
  readonly people: readonly User[];
  /** The rooms that one may enter. */
  readonly rooms: readonly Pick<Room, 'name' | 'title'>[];
  /** The topic of the room that one is in; empty where it has none. */
  readonly topic: string;
  /** Whether everybody may enter it. */
  readonly open: boolean;
  changeTopic: (topic: string) => Promise<unknown>;
  invite: (username: string) => Promise<unknown>;
  setStatus: (status: Status) => void;
  /** Takes all that was said out of the view. */
  clear: () => void;
}
