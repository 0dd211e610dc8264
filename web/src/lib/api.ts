import { CommandError, ConnectionLost } from './client/errors';
import { common } from './i18n/common';
import { because } from './i18n/problems';
import type { Limits, Room as WireRoom } from './wire.gen';

/** A provider of OpenID Connect by which one may log in. */
export interface Provider {
  id: string;
  label: string;
}

/** The server as `GET /api/v1/server` tells of it. */
export interface Server {
  name: string;
  version: string;
  sign_up: 'open' | 'invite' | 'closed';
  create_rooms: 'everyone' | 'staff';
  /** Whether the server sends mail, and whether people who sign up have to confirm an address. */
  mail: boolean;
  confirm_email: boolean;
  setup_needed: boolean;
  /** For how long what is said stays in the server's memory, in milliseconds; 0 where it does not. */
  resume_ms: number;
  /** For how long nobody is told of a lost connection, in milliseconds. */
  grace_ms: number;
  limits: Limits;
  /** The name that passkeys belong to; empty where there are none. */
  passkey_domain: string;
  /** Other providers by which one may log in. */
  providers: readonly Provider[];
  /** Who asked; null if nobody is logged in. */
  me: Me | null;
}

/** Oneself. */
export interface Me {
  id: number;
  username: string;
  display_name: string;
  email: string;
  email_confirmed: boolean;
  has_password: boolean;
  is_staff: boolean;
  is_superuser: boolean;
  can_create_rooms: boolean;
  /** What one may do, by the names of docs/operations.md: `change_room`, `add_invitation`… */
  permissions: string[];
  /** Whether a second factor is to be set up before anything else; not where it is missing. */
  must_enrol?: boolean;
}

export type Access = 'public' | 'staff' | 'private';

/** A room as the REST API lists it. */
export interface Room extends WireRoom {
  /** How many people are inside. */
  occupants: number;
}

export interface NewRoom {
  name: string;
  title: string;
  topic: string;
  access: Access;
}

export interface Invitation {
  url: string;
  expires_at: string | number;
}

/** A call that did not work. `message` is a sentence for the person; `field` the input at fault, or empty. */
export class ApiError extends Error {
  /** The HTTP status; 0 where no answer came. */
  readonly status: number;
  readonly code: string;
  readonly field: string;
  /** The problem document; empty where there was none. */
  readonly body: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    code: string,
    message: string,
    field = '',
    body: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.field = field;
    this.body = body;
  }
}

/** How long a call may take, in milliseconds. */
const patience = 15_000;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Reads a problem document (RFC 9457); what is no such document becomes a sentence by its status. */
async function problem(response: Response): Promise<ApiError> {
  let body: Record<string, unknown> = {};
  try {
    const value: unknown = await response.json();
    if (typeof value === 'object' && value !== null) body = value as Record<string, unknown>;
  } catch {
    // Not the server's own answer: a proxy's, perhaps.
  }
  const code = text(body.code) || (response.status === 401 ? 'unauthenticated' : 'internal');
  const field = text(body.field);
  const { t } = common;
  let message = t.problem(code, field) || text(body.detail) || text(body.title) || t.status(response.status);
  const wait = Number(response.headers.get('retry-after'));
  if (response.status === 429 && wait > 0) message += t.wait(wait);
  return new ApiError(response.status, code, message, field, body);
}

/** Makes a call of the REST API, and gives its answer or throws an ApiError. A picture goes as it is, anything else as JSON. */
export async function call<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(patience),
      ...(body instanceof Blob && { headers: { 'content-type': body.type }, body }),
      ...(body &&
        !(body instanceof Blob) && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
    });
  } catch {
    throw new ApiError(0, 'unreachable', common.t.unreachable);
  }
  if (!response.ok) throw await problem(response);
  if (response.status === 204 || response.status === 202) return undefined as Answer;
  try {
    return (await response.json()) as Answer;
  } catch {
    throw new ApiError(response.status, 'malformed', common.t.unreadable);
  }
}

/** What the way into a room asks for; calls.ts has what people do. */
export const api = {
  server: () => call<Server>('GET', '/server'),
  /** Where to go to log out at a provider, too; undefined where there is nothing more to do. */
  logOut: () => call<{ url: string } | undefined>('POST', '/logout'),
  me: () => call<Me>('GET', '/me'),
  rooms: async () => (await call<{ rooms: Room[] }>('GET', '/rooms')).rooms,
};

/** The sentence for a person, whatever went wrong. */
export function sentence(error: unknown): string {
  if (error instanceof ConnectionLost) return common.t.connectionLost;
  if (error instanceof CommandError) return because(error.code, error.message);
  return error instanceof Error && error.message !== '' ? error.message : common.t.wrong;
}
