import { ApiError, call } from './api';
import { openid as words } from './i18n/openid';
import type { Proof } from './security';

/** An account at a provider by which one may log in here. */
export interface Identity {
  id: number;
  /** The provider's id and name; empty where the server does not ask it any more. */
  provider: string;
  label: string;
  issuer: string;
  name: string;
  created_at: string;
  used_at?: string;
}

/** The words for a reason; undefined where there are none. Whatever stands in an address is asked for. */
function wordsFor(reason: string): string | undefined {
  const { reasons } = words.t;
  return Object.hasOwn(reasons, reason) ? reasons[reason] : undefined;
}

/** Why something came to nothing, for people, by the reason that stands in the address. */
export const reasonOf = (reason: string): string => wordsFor(reason) ?? words.t.failed;

/** Makes a call whose problems are told by their reason, where that is known. */
async function told<Answer>(calling: Promise<Answer>): Promise<Answer> {
  try {
    return await calling;
  } catch (error) {
    const reason = error instanceof ApiError ? wordsFor(error.field) : undefined;
    throw reason === undefined ? error : new Error(reason);
  }
}

/** Leaves the page for where the server says. */
async function leave(calling: Promise<{ url: string }>): Promise<void> {
  location.assign((await told(calling)).url);
}

/** A proof without the inputs that were not shown. */
const shown = (proof: Proof): object => Object.fromEntries(Object.entries(proof).filter(([name]) => name));

/** Goes to a provider to log in, and then to a page of this server. */
export const logIn = (provider: string, next: string): Promise<void> =>
  leave(call('POST', '/login/oidc', { provider, next }));

/** Goes to a provider to link an account there. */
export const link = (provider: string, proof: Proof): Promise<void> =>
  leave(call('POST', '/me/identities', { provider, ...shown(proof) }));

export const list = async (): Promise<Identity[]> =>
  (await call<{ identities: Identity[] }>('GET', '/me/identities')).identities;

export const unlink = (id: number, proof: Proof): Promise<undefined> =>
  told(call('POST', `/me/identities/${id}/remove`, shown(proof)));
