import { call } from '../api';
import type { Room } from '../api';
import type { User } from '../wire.gen';

/** A ban from a room, or a mute in it. */
export interface Sanction {
  user: User;
  by?: User;
  at: string;
  /** When it ends; left out for good. */
  until?: string;
  reason: string;
}

export type Kind = 'bans' | 'mutes';

interface Page {
  list: Sanction[];
  more: boolean;
}

const path = (room: number, kind: Kind, name: string): string =>
  `/rooms/${room}/${kind}/${encodeURIComponent(name)}`;

export const calls = {
  kick: (room: number, username: string, reason: string) =>
    call<unknown>('POST', `/rooms/${room}/kick`, { username, reason }),
  /** `seconds` of 0 is for good. */
  sanction: (room: number, kind: Kind, name: string, seconds: number, reason: string) =>
    call<Sanction>('PUT', path(room, kind, name), { seconds, reason }),
  lift: (room: number, kind: Kind, name: string) => call<undefined>('DELETE', path(room, kind, name)),
  list: async (room: number, kind: Kind): Promise<Page> => {
    const page = await call<Partial<Record<Kind, Sanction[]>> & { more: boolean }>(
      'GET',
      `/rooms/${room}/${kind}`,
    );
    return { list: page[kind] ?? [], more: page.more };
  },
  order: (room: number, slow: number, locked: string) =>
    call<Room>('PATCH', `/rooms/${room}`, { slow_seconds: slow, locked }),
};
