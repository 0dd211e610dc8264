import { call } from './api';
import type { Me } from './api';

/** A log-in in a browser. */
export interface LogIn {
  id: string;
  device: string;
  address: string;
  created_at: string;
  used_at: string;
  expires_at: string;
  current: boolean;
  /** How it was begun: by a link from another device, or by what one has. */
  way: '' | 'link';
}

export const scopes = ['chat', 'rooms', 'account', 'admin'] as const;
export type Scope = (typeof scopes)[number];

export interface Token {
  id: string;
  name: string;
  scopes: Scope[];
  created_at: string;
  used_at?: string;
  expires_at?: string;
  /** Told once. */
  secret?: string;
}

export interface Security {
  has_password: boolean;
  totp: boolean;
  /** Whether the log-in asks for one: an authenticator or a passkey. */
  second_factor: boolean;
  passkeys: number;
  recovery_codes: number;
}

/** What an authenticator is given. */
export interface Key {
  secret: string;
  uri: string;
  qr: string;
}

/** What shows that one is oneself: the password, a code where there is none, or a passkey. */
export interface Proof {
  password?: string;
  code?: string;
  ticket?: string;
  response?: unknown;
}

interface Codes {
  recovery_codes: string[];
}

/** What users do about their own log-ins. Loaded with the parts that need it. */
export const security = {
  secondStep: (ticket: string, code: string) => call<Me>('POST', '/login/second', { ticket, code }),
  get: () => call<Security>('GET', '/me/security'),
  beginTotp: (proof: Proof) => call<Key>('POST', '/me/security/totp', proof),
  confirmTotp: async (code: string) =>
    (await call<Codes>('POST', '/me/security/totp/confirm', { code })).recovery_codes,
  removeTotp: (proof: Proof) => call<undefined>('POST', '/me/security/totp/remove', proof),
  renewCodes: async (proof: Proof) =>
    (await call<Codes>('POST', '/me/security/recovery-codes', proof)).recovery_codes,
  sessions: async () => (await call<{ sessions: LogIn[] }>('GET', '/me/sessions')).sessions,
  endSession: (id: string) => call<undefined>('DELETE', `/me/sessions/${encodeURIComponent(id)}`),
  endOthers: async () => (await call<{ ended: number }>('DELETE', '/me/sessions')).ended,
  tokens: async () => (await call<{ tokens: Token[] }>('GET', '/me/tokens')).tokens,
  createToken: (name: string, scopes: Scope[], days: number | null) =>
    call<Token>('POST', '/me/tokens', { name, scopes, ...(days !== null && { days }) }),
  revokeToken: (id: string) => call<undefined>('DELETE', `/me/tokens/${encodeURIComponent(id)}`),
};

/** Which second factors the server says the user has. */
export function factorsOf(second: unknown): unknown[] {
  if (typeof second !== 'object' || second === null || !('factors' in second)) return [];
  return Array.isArray(second.factors) ? second.factors : [];
}

/** The ticket of a log-in that awaits its second step; empty if the server said none. */
export function ticketOf(second: unknown): string {
  if (typeof second !== 'object' || second === null || !('ticket' in second)) return '';
  return typeof second.ticket === 'string' ? second.ticket : '';
}
