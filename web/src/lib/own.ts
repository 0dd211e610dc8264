import { call } from './api';
import type { Me } from './api';

/** What one says of oneself; what is left out stays as it is. */
export interface MeChange {
  display_name?: string;
  email?: string;
  /** The present password, where the address changes. */
  password?: string;
}

interface Profile {
  id: number;
  display_name: string;
  /** The picture's tag; empty where there is none. */
  avatar: string;
}

/** The calls about one's own account, which the first load does not need. */
export const own = {
  requestReset: (email: string) => call<undefined>('POST', '/password/reset', { email }),
  resetPassword: (token: string, password: string) =>
    call<undefined>('POST', '/password/reset/confirm', { token, password }),
  confirmEmail: (token: string) => call<undefined>('POST', '/email/confirm', { token }),
  changePassword: (password: string, fresh: string) =>
    call<undefined>('POST', '/me/password', { password, new_password: fresh }),
  changeMe: (change: MeChange) => call<Me>('PATCH', '/me', change),
  askToConfirm: () => call<undefined>('POST', '/me/email/confirm'),
  deleteMe: (password: string) => call<undefined>('DELETE', '/me', { password }),
  setAvatar: async (picture: Blob) => (await call<Profile>('PUT', '/me/avatar', picture)).avatar,
  deleteAvatar: () => call<undefined>('DELETE', '/me/avatar'),
  profiles: async (ids: readonly number[]) => {
    const query = ids.map((id) => `id=${id}`).join('&');
    return (await call<{ profiles: Profile[] }>('GET', `/profiles?${query}`)).profiles;
  },
};
