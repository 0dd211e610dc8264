import { ApiError, call } from '../../api';
import { keeping } from '../../i18n/keeping';
import { calls } from '../../moderate/calls';
import type { Sanction } from '../../moderate/calls';
import { query, rest } from './rest';
import type { Filter, Page } from './rest';
import type { User } from '../../wire.gen';

/** A ban: of a user or a range of addresses from the server, or of a user from a room. */
export interface Ban {
  key: string;
  /** The number of one from the server. */
  id: number;
  user?: User;
  range?: string;
  room?: { id: number; name: string };
  by?: User;
  at: string;
  /** When it ends; left out for good. */
  until?: string;
  reason: string;
}

/** What a list of bans is of: of the server all, of users, of addresses; or of rooms. */
export type Kind = '' | 'user' | 'range' | 'room';

interface RoomBan extends Sanction {
  room: { id: number; name: string };
}

async function ofServer({ after = '', ...filter }: Filter): Promise<Page<Ban>> {
  const { bans, more } = await call<{ bans: Ban[]; more: boolean }>(
    'GET',
    `/bans${query({ ...filter, below: after })}`,
  );
  const entries = bans.map((ban) => ({ ...ban, key: `${ban.id}` }));
  return { entries, next: more ? (entries.at(-1)?.key ?? '') : '' };
}

async function ofRooms({ search = '', after = '' }: Filter): Promise<Page<Ban>> {
  const { bans, next } = await call<{ bans: RoomBan[]; next: string }>(
    'GET',
    `/rooms/all/bans${query({ search, after })}`,
  );
  return { entries: bans.map((ban) => ({ ...ban, id: 0, key: `${ban.room.id}/${ban.user.id}` })), next };
}

export const banCalls = {
  list: (filter: Filter): Promise<Page<Ban>> => (filter.kind === 'room' ? ofRooms(filter) : ofServer(filter)),
  /** `seconds` of 0 is for good. */
  put: (whom: { username: string } | { range: string }, seconds: number, reason: string) =>
    call<Ban>('POST', '/bans', { ...whom, seconds, reason }),
  lift: (ban: Ban) =>
    ban.room && ban.user
      ? calls.lift(ban.room.id, 'bans', ban.user.name)
      : call<undefined>('DELETE', `/bans/${ban.id}`),
  /** The room of a name, in whatever case; where there is none, the input for it is at fault. */
  roomOf: async (name: string) => {
    const found = name === '' ? undefined : (await rest.rooms({ name })).entries[0];
    if (!found) throw new ApiError(404, 'not_found', keeping.t.noRoom, 'room');
    return found;
  },
};
