import { call } from './api';
import type { Me } from './api';
import type { Proof } from './security';

/** A link by which another device may ask to be logged in, as `DeviceLink` in docs/openapi.yaml. */
export interface DeviceLink {
  id: string;
  state: 'open' | 'asked' | 'allowed' | 'refused' | 'done';
  expires_at: string;
  /** Who asks. */
  device?: string;
  address?: string;
  /** What the device that asks shows, too. */
  number?: string;
}

/** A link that was just made: these are told once. */
export interface FreshLink extends DeviceLink {
  url: string;
  qr: string;
}

/** How often it is asked what became of a link, in milliseconds. */
export const every = 1500;

export const devices = {
  offer: (proof: Proof) => call<FreshLink>('POST', '/me/device-link', proof),
  offered: () => call<DeviceLink>('GET', '/me/device-link'),
  answer: (id: string, allow: boolean) => call<DeviceLink>('POST', '/me/device-link/answer', { id, allow }),
  /** Also from a page that is about to go: the request goes on without it, and nobody waits for it. */
  withdraw: () => {
    fetch('/api/v1/me/device-link', { method: 'DELETE', credentials: 'same-origin', keepalive: true }).catch(
      () => undefined, // it is over by itself in two minutes
    );
  },

  look: (token: string) =>
    call<{ username: string; display_name: string; expires_at: string }>('POST', '/login/device/look', {
      token,
    }),
  ask: (token: string) =>
    call<{ ticket: string; number: string; expires_at: string }>('POST', '/login/device', { token }),
  /** Nobody is logged in, and there is no answer, while nobody has let the device in. */
  finish: (ticket: string) => call<Me | undefined>('POST', '/login/device/finish', { ticket }),
};
