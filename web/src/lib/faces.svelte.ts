import type { Asking } from './asking';
import type { Frame } from './client/frames';
import type { User } from './wire.gen';

/** What somebody shows besides the name. */
export interface Face {
  /** What one is called; empty where it is by the username. */
  name: string;
  /** The tag of the picture; empty where there is none. */
  avatar: string;
}

export type Shown = ReadonlyMap<number, Face>;

/**
 * What others show of themselves: asked for once it is to be seen (asking.ts), and told by the server when it changes while one
 * is in a room with them. Nothing of it is kept but in the page.
 */
class Faces {
  #shown = $state.raw<Shown>(new Map());
  #asking: Asking | null = null;

  /** Asks by this from now on, also after those who are seen already. */
  ask(asking: Asking): void {
    this.#asking = asking;
    this.#shown = new Map();
  }

  /** Asks no longer, and forgets what it was told. */
  forget(asking: Asking): void {
    if (this.#asking !== asking) return;
    this.#asking = null;
    this.#shown = new Map();
  }

  /** What somebody shows, as far as it is known; asks for it where it is not. */
  of(id: number): Face | undefined {
    const face = this.#shown.get(id);
    if (!face) this.#asking?.want(id);
    return face;
  }

  /** What to call somebody. */
  called({ id, name }: User): string {
    const called = this.of(id)?.name;
    return called === undefined || called === '' ? name : called;
  }

  /** They show this now. */
  tell(faces: Iterable<readonly [number, Face]>): void {
    const told = new Map(faces);
    this.#shown = new Map([...this.#shown, ...told]);
    this.#asking?.told(told);
  }

  /** The server told something, maybe of what somebody shows. */
  heard(frame: Frame): void {
    this.#asking?.heard(frame);
  }
}

export const faces = new Faces();
