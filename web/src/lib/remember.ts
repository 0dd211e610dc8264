/**
 * What the page keeps in the browser: which rooms a user was in, by number, and the chosen look. Never anything that was
 * said, typed or named. Where storage is switched off nothing is kept, and the page works all the same.
 */

const roomsKey = (user: number): string => `earshot.rooms.${user}`;

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string | null): void {
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

/** How the page looks: as the system does, or as chosen. */
export type Theme = 'system' | 'light' | 'dark';

const themeKey = 'earshot.theme';

export function rememberedTheme(): Theme {
  const kept = read(themeKey);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

export function rememberTheme(theme: Theme): void {
  write(themeKey, theme === 'system' ? null : theme);
}
