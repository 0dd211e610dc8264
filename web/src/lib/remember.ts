import type { Kept } from './client/client';

/**
 * What the page keeps in the browser: which rooms a user was in, by number, what was chosen of how the page is to be and, while
 * it is being loaded anew, what it needs to go on with its session. Never anything that was said, typed or named. Where storage is switched off
 * nothing is kept, and the page works all the same.
 */

const roomsKey = (user: number): string => `earshot.rooms.${user}`;

/** What is kept under a key; null where there is nothing, or nothing is kept. */
export function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keeps a text under a key; null takes it out. */
export function write(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Full or switched off.
  }
}

/** The rooms that the user was in, by number. */
export function rememberedRooms(user: number): number[] {
  try {
    const kept: unknown = JSON.parse(read(roomsKey(user)) ?? '[]');
    if (!Array.isArray(kept)) return [];
    return [...new Set(kept.filter((id): id is number => Number.isSafeInteger(id) && (id as number) > 0))];
  } catch {
    return [];
  }
}

/** Adds a room; another tab's additions stay. */
export function rememberRoom(user: number, room: number): void {
  const rooms = rememberedRooms(user);
  if (!rooms.includes(room)) write(roomsKey(user), JSON.stringify([...rooms, room]));
}

/** Takes a room out again. */
export function forgetRoom(user: number, room: number): void {
  const rooms = rememberedRooms(user).filter((id) => id !== room);
  write(roomsKey(user), rooms.length > 0 ? JSON.stringify(rooms) : null);
}

const sessionKey = 'earshot.session';

/** Leaves the session to the page that is loaded next in this tab. */
export function keepSession(kept: Kept): void {
  try {
    sessionStorage.setItem(sessionKey, JSON.stringify(kept));
  } catch {
    // Full or switched off.
  }
}

/**
 * Takes the session that the page before this one left; null where there is none, or it is over by now. It is taken out: a
 * browser copies this storage to a duplicated tab, and that must not take the session from the first.
 */
export function takeSession(): Kept | null {
  try {
    const text = sessionStorage.getItem(sessionKey);
    sessionStorage.removeItem(sessionKey);
    const kept = JSON.parse(text ?? 'null') as Kept;
    if (!isKept(kept)) return null;
    const age = Date.now() - kept.at;
    return age >= 0 && age < kept.resumeMs ? kept : null;
  } catch {
    return null;
  }
}

const isNumber = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

/** Other scripts of this origin, and other versions of this page, write here too. Says no, or throws, where it is none. */
function isKept({ tokens, epoch, user, at, resumeMs, seen, rooms, status }: Kept): boolean {
  if (![tokens, rooms, seen].every((list) => Array.isArray(list))) return false;
  const numbers = [user, at, resumeMs, ...rooms, ...seen.flatMap(({ room, seq }) => [room, seq])];
  return (
    [epoch, ...tokens].every((text) => typeof text === 'string') &&
    numbers.every(isNumber) &&
    ['active', 'away', 'dnd'].includes(status)
  );
}
