import { call } from './api';
import type { Me } from './api';
import type { Face } from './faces.svelte';
import type { Proof } from './security';

/** What one says of oneself; what is left out stays as it is. */
export interface MeChange {
  display_name?: string;
  email?: string;
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
  changePassword: (proof: Proof, fresh: string) =>
    call<undefined>('POST', '/me/password', { ...proof, new_password: fresh }),
  /** Another address needs the proof. */
  changeMe: (change: MeChange, proof: Proof = {}) => call<Me>('PATCH', '/me', { ...change, ...proof }),
  askToConfirm: () => call<undefined>('POST', '/me/email/confirm'),
  deleteMe: (proof: Proof) => call<undefined>('DELETE', '/me', proof),
  setAvatar: async (picture: Blob) => (await call<Profile>('PUT', '/me/avatar', picture)).avatar,
  deleteAvatar: () => call<undefined>('DELETE', '/me/avatar'),
  /** What users show of themselves, by their numbers; at most 100. */
  faces: async (ids: readonly number[]): Promise<ReadonlyMap<number, Face>> => {
    const query = ids.map((id) => `id=${id}`).join('&');
    const { profiles } = await call<{ profiles: Profile[] }>('GET', `/profiles?${query}`);
    return new Map(profiles.map(({ id, display_name: name, avatar }) => [id, { name, avatar }]));
  },
};
