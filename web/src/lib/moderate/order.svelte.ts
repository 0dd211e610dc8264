import type { Me } from '../api';
import { Lazy } from '../lazy.svelte';
import type { RoomState } from '../state/types';
import type { Room, User } from '../wire.gen';

/** Dialogs and lines about keeping order: only few people ever see them. */
export const parts = new Lazy(() => import('./parts'));

/** Whether somebody keeps order in a room. */
export const keepsOrder = (me: Me, room: Room): boolean =>
  room.owner === me.id || me.permissions.includes('moderate_room');

/** Whether there is something to tell whoever wants to write. */
export const restrained = (room: RoomState): boolean =>
  room.out !== null ||
  room.muted !== null ||
  (room.info.slow_seconds ?? 0) > 0 ||
  (room.info.locked ?? '') !== '';

/** Which dialog about keeping order is open. */
class Asked {
  #user = $state.raw<User | null>(null);
  #room = $state(false);

  /** The one to be judged. */
  get user(): User | null {
    return this.#user;
  }
  /** Whether slow mode, lock, mutes and bans of the room are asked for. */
  get room(): boolean {
    return this.#room;
  }

  about(user: User): void {
    this.#user = user;
    void parts.load();
  }
  aboutRoom(): void {
    this.#room = true;
    void parts.load();
  }
  close(): void {
    this.#user = null;
    this.#room = false;
  }
}

export const asked = new Asked();
