import { call } from './api';
import type { Invitation, Me, NewRoom, Room } from './api';
import type { User } from './wire.gen';

const segment = encodeURIComponent;

/** The calls by which one comes in, and those about rooms, which the first load does not need. */
export const calls = {
  setup: (code: string, username: string, password: string) =>
    call<Me>('POST', '/setup', { code, username, password }),
  /** Nobody is logged in, and there is no answer, where an address has to be confirmed first. */
  signUp: (username: string, password: string, invitation: string, email = '') =>
    call<Me | undefined>('POST', '/signup', {
      username,
      password,
      ...(invitation && { invitation }),
      ...(email && { email }),
    }),
  logIn: (username: string, password: string) => call<Me>('POST', '/login', { username, password }),
  createRoom: (room: NewRoom) => call<Room>('POST', '/rooms', room),
  changeRoom: (id: number, change: Partial<Omit<NewRoom, 'name'>>) =>
    call<Room>('PATCH', `/rooms/${id}`, change),
  deleteRoom: (id: number) => call<undefined>('DELETE', `/rooms/${id}`),
  members: async (id: number) => (await call<{ members: User[] }>('GET', `/rooms/${id}/members`)).members,
  addMember: (id: number, username: string) =>
    call<undefined>('PUT', `/rooms/${id}/members/${segment(username)}`),
  removeMember: (id: number, username: string) =>
    call<undefined>('DELETE', `/rooms/${id}/members/${segment(username)}`),
  invite: (uses: number, days: number) => call<Invitation>('POST', '/invitations', { uses, days }),
};
