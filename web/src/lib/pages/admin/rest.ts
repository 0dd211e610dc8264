import { call } from '../../api';
import type { Room } from '../../api';

/** An account, as `User` in docs/openapi.yaml. */
export interface Account {
  id: number;
  username: string;
  email: string;
  email_confirmed: boolean;
  display_name: string;
  is_active: boolean;
  is_staff: boolean;
  is_superuser: boolean;
  has_password: boolean;
  date_joined: string;
  last_login: string | null;
  permissions: string[];
  inherited: string[];
  editable: boolean;
  /** Only where one account was asked for. */
  groups?: string[];
}

export interface Group {
  name: string;
  permissions: string[];
}

/** A room as those see it who look after all of them. */
export interface FoundRoom extends Room {
  owner_name: string;
  created_at: string;
}

/** A token, without its secret. */
export interface Token {
  id: string;
  /** Empty for one from the command line. */
  name: string;
  created_at: string;
  used_at?: string;
}

/** An invitation that still can be used; its link is not told again. */
export interface OpenInvitation {
  id: string;
  /** Empty for one from the command line. */
  by: string;
  uses_left: number;
  groups: string[];
  expires_at: string;
}

export interface Setting {
  name: string;
  value: string;
  default: string;
  help: string;
}

/** Of whom a second factor is required; superusers are of the staff here. */
export type Required = 'nobody' | 'staff' | 'everybody';

/** How much there is of everything, as `Figures` in docs/openapi.yaml. */
export interface Figures {
  at: number;
  uptime_ms: number;
  users: number;
  sessions: number;
  connections: number;
  rooms: number;
  messages: number;
  window_bytes: number;
  heap_bytes: number;
  memory_bytes: number;
  goroutines: number;
  accounts: number;
}

export interface Page<Entry> {
  entries: Entry[];
  /** Where the next page begins; empty for the last. */
  next: string;
}

export interface NewAccount {
  username: string;
  password?: string;
  email?: string;
  display_name?: string;
  is_staff?: boolean;
  is_superuser?: boolean;
  groups?: string[];
}

export interface AccountChange {
  email?: string;
  display_name?: string;
  is_active?: boolean;
  is_staff?: boolean;
  is_superuser?: boolean;
  grant?: string[];
  revoke?: string[];
  join?: string[];
  leave?: string[];
}

export type BulkAction = 'activate' | 'deactivate' | 'delete' | 'join' | 'leave';

export interface Outcome {
  done: number;
  failed: { username: string; code: string; detail: string }[];
}

/** What a list is narrowed to, by the names of the query; empty values are left out. */
export type Filter = Record<string, string>;

const segment = encodeURIComponent;

/** How many users one call may name. */
const bulkMost = 200;

/** The query of an address that narrows a list. */
export function query(filter: Filter): string {
  const wanted = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ''));
  return wanted.size > 0 ? `?${wanted.toString()}` : '';
}

export const rest = {
  users: async (filter: Filter): Promise<Page<Account>> => {
    const { users, next } = await call<{ users: Account[]; next: string }>('GET', `/users${query(filter)}`);
    return { entries: users, next };
  },
  user: (name: string) => call<Account>('GET', `/users/${segment(name)}`),
  createUser: (account: NewAccount) => call<Account>('POST', '/users', account),
  changeUser: (name: string, change: AccountChange) =>
    call<Account>('PATCH', `/users/${segment(name)}`, change),
  setPassword: (name: string, password: string) =>
    call<Account>('PUT', `/users/${segment(name)}/password`, { password }),
  removePassword: (name: string) => call<Account>('DELETE', `/users/${segment(name)}/password`),
  tokens: async (name: string) =>
    (await call<{ tokens: Token[] }>('GET', `/users/${segment(name)}/tokens`)).tokens,
  revokeToken: (name: string, id: string) =>
    call<undefined>('DELETE', `/users/${segment(name)}/tokens/${segment(id)}`),
  deleteUser: (name: string) => call<undefined>('DELETE', `/users/${segment(name)}`),
  changeUsers: async (action: BulkAction, usernames: string[], group = ''): Promise<Outcome> => {
    const all: Outcome = { done: 0, failed: [] };
    for (let from = 0; from < usernames.length; from += bulkMost) {
      const some = usernames.slice(from, from + bulkMost);
      const body = { action, usernames: some, ...(group !== '' && { group }) };
      const { done, failed } = await call<Outcome>('PATCH', '/users', body);
      all.done += done;
      all.failed.push(...failed);
    }
    return all;
  },

  groups: async () => (await call<{ groups: Group[] }>('GET', '/groups')).groups,
  createGroup: (group: Group) => call<Group>('POST', '/groups', group),
  changeGroup: (name: string, change: { name?: string; grant: string[]; revoke: string[] }) =>
    call<Group>('PATCH', `/groups/${segment(name)}`, change),
  deleteGroup: (name: string) => call<undefined>('DELETE', `/groups/${segment(name)}`),
  addToGroup: (group: string, user: string) =>
    call<undefined>('PUT', `/groups/${segment(group)}/members/${segment(user)}`),
  removeFromGroup: (group: string, user: string) =>
    call<undefined>('DELETE', `/groups/${segment(group)}/members/${segment(user)}`),

  rooms: async (filter: Filter): Promise<Page<FoundRoom>> => {
    const { rooms, next } = await call<{ rooms: FoundRoom[]; next: string }>(
      'GET',
      `/rooms/all${query(filter)}`,
    );
    return { entries: rooms, next };
  },
  /** Gives the room to a user; to nobody for an empty name. */
  giveRoom: (id: number, owner: string) => call<Room>('PATCH', `/rooms/${id}`, { owner }),
  invitations: async () => (await call<{ invitations: OpenInvitation[] }>('GET', '/invitations')).invitations,
  withdraw: (id: string) => call<undefined>('DELETE', `/invitations/${segment(id)}`),
  settings: async () => (await call<{ settings: Setting[] }>('GET', '/settings')).settings,
  required: async () => (await call<{ required: Required }>('GET', '/settings/second-factor')).required,
  require: async (of: Required) =>
    (await call<{ required: Required }>('PUT', '/settings/second-factor', { required: of })).required,
  figures: () => call<Figures>('GET', '/figures'),
};
