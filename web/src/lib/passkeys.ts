import { call } from './api';
import type { Me } from './api';
import { security as words } from './i18n/security';
import type { Proof } from './security';

export interface Passkey {
  id: number;
  name: string;
  created_at: string;
  used_at?: string;
  /** Told once, with the first second factor. */
  recovery_codes?: string[];
}

interface Ceremony {
  ticket: string;
  options: object;
}

/** Whether this browser can use passkeys of this server, from where its page was loaded. */
export function usable(domain: string): boolean {
  const host = location.hostname;
  return (
    domain !== '' &&
    (host === domain || host.endsWith(`.${domain}`)) &&
    typeof PublicKeyCredential === 'function' &&
    typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function'
  );
}

/** What the browser's refusal, or the person's, is told as. */
function told(error: unknown): Error {
  const name = error instanceof DOMException ? error.name : '';
  return new Error(name === 'InvalidStateError' ? words.t.passkeyKnown : words.t.passkeyFailed);
}

/** Has the browser ask for a passkey, and gives what it answers. */
async function shown(options: object): Promise<unknown> {
  try {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
      options as PublicKeyCredentialRequestOptionsJSON,
    );
    return ((await navigator.credentials.get({ publicKey })) as PublicKeyCredential).toJSON();
  } catch (error) {
    throw told(error);
  }
}

/** Shows a passkey, for what asks once more who is there. */
export async function prove(): Promise<Proof> {
  const { ticket, options } = await call<Ceremony>('POST', '/me/passkeys/proof');
  return { ticket, response: await shown(options) };
}

/** Logs in by a passkey; with the ticket of a first step, as its second factor. */
export async function logIn(loginTicket = ''): Promise<Me> {
  const first = loginTicket === '' ? {} : { login_ticket: loginTicket };
  const { ticket, options } = await call<Ceremony>('POST', '/login/passkey/options', first);
  const response = await shown(options);
  return await call<Me>('POST', '/login/passkey', { ticket, response, ...first });
}

/** Makes a passkey, and tells recovery codes if there were none. */
export async function add(name: string, proof: Proof): Promise<Passkey> {
  const { ticket, options } = await call<Ceremony>('POST', '/me/passkeys/options', proof);
  let response: unknown;
  try {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
      options as PublicKeyCredentialCreationOptionsJSON,
    );
    response = ((await navigator.credentials.create({ publicKey })) as PublicKeyCredential).toJSON();
  } catch (error) {
    throw told(error);
  }
  return await call<Passkey>('POST', '/me/passkeys', { ticket, name, response });
}

export const list = async (): Promise<Passkey[]> =>
  (await call<{ passkeys: Passkey[] }>('GET', '/me/passkeys')).passkeys;
export const rename = (id: number, name: string): Promise<undefined> =>
  call('PATCH', `/me/passkeys/${id}`, { name });
export const remove = (id: number, proof: Proof): Promise<undefined> =>
  call('POST', `/me/passkeys/${id}/remove`, proof);
