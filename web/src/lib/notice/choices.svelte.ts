import { read, write } from '../remember';

/** What of a room is counted and told: everything, what is meant for oneself, or nothing. */
export type Level = 'all' | 'mentions' | 'nothing';

export const levels: readonly Level[] = ['all', 'mentions', 'nothing'];

/** What a person decided about being disturbed, and in which order they have their rooms; rooms by their numbers. */
export interface Chosen {
  /** The level of rooms that have none of their own. */
  level: Level;
  levels: Readonly<Record<number, Level>>;
  pins: readonly number[];
  /** The order of the rooms that are not pinned; those that are not in it come after, by their titles. */
  order: readonly number[];
  /** Notifications of the system, while the page is hidden. */
  notify: boolean;
  /** With who wrote, and what. */
  text: boolean;
  sound: boolean;
  /** Until when not to be disturbed, in milliseconds since 1970; -1 until it is told otherwise, 0 for not at all. */
  quiet: number;
}

/** So many rooms are remembered, of each kind. */
const most = 1000;

const keyOf = (user: number): string => `earshot.notice.${user}`;

/** The last moment that there is, in milliseconds since 1970. */
const never = 864e13;

const nothing: Chosen = {
  level: 'all',
  levels: {},
  pins: [],
  order: [],
  notify: false,
  text: false,
  // A page makes no sound that nobody asked for.
  sound: false,
  quiet: 0,
};

const isLevel = (value: unknown): value is Level => levels.includes(value as Level);
const isRoom = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;

function rooms(value: unknown): number[] {
  return Array.isArray(value) ? [...new Set(value.filter(isRoom))].slice(0, most) : [];
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}

/** Reads what was kept. Other scripts of this origin, and other versions of this page, write there too. */
function chosen(text: string | null): Chosen {
  const kept = parsed(text) as Partial<Record<keyof Chosen, unknown>> | null;
  if (typeof kept !== 'object' || kept === null) return nothing;
  const own: Record<number, Level> = {};
  const { levels: told } = kept;
  for (const [room, level] of Object.entries(typeof told === 'object' && told ? told : {}).slice(0, most)) {
    if (isRoom(Number(room)) && isLevel(level)) own[Number(room)] = level;
  }
  const until = typeof kept.quiet === 'number' ? kept.quiet : 0;
  return {
    level: isLevel(kept.level) ? kept.level : 'all',
    levels: own,
    pins: rooms(kept.pins),
    order: rooms(kept.order),
    notify: kept.notify === true,
    text: kept.text === true,
    sound: kept.sound === true,
    quiet: until === -1 || (until > Date.now() && until < never) ? until : 0,
  };
}

/** What one user decided, in all tabs of this browser. Nothing that was said or named is in it. */
export class Choices {
  readonly #key: string;
  #now = $state.raw<Chosen>(nothing);

  constructor(user: number) {
    this.#key = keyOf(user);
    this.#now = chosen(read(this.#key));
  }

  get now(): Chosen {
    return this.#now;
  }

  /** Follows what is decided in other tabs, until the function that it gives is called. */
  watch(): () => void {
    const heard = ({ key }: StorageEvent): void => {
      if (key === null || key === this.#key) this.read();
    };
    addEventListener('storage', heard);
    return () => {
      removeEventListener('storage', heard);
    };
  }

  /** Reads it anew: it was forgotten, or is another tab's. */
  read(): void {
    this.#now = chosen(read(this.#key));
  }

  change(by: Partial<Chosen>): void {
    this.#now = { ...this.#now, ...by };
    write(this.#key, JSON.stringify(this.#now));
  }

  level(room: number): Level {
    return this.#now.levels[room] ?? this.#now.level;
  }

  /** Gives a room a level of its own; without one it has that of all. */
  setLevel(room: number, level: Level | undefined): void {
    const { [room]: was, ...others } = this.#now.levels;
    if (level !== was) this.change({ levels: level ? { ...others, [room]: level } : others });
  }
}

/** What of a room's unread messages counts, at a level. */
export function counted(
  { unread, mentions }: { unread: number; mentions: number },
  level: Level,
): { unread: number; mentions: number } {
  if (level === 'nothing') return { unread: 0, mentions: 0 };
  return { unread: level === 'all' ? unread : mentions, mentions };
}
