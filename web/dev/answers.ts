import type { Answers } from './backend';
import { never } from './backend';
import { ana, ben, cleo, long, maryam, me, rooms, server } from './people';
import type {
  Account,
  Figures,
  FoundRoom,
  Group,
  OpenInvitation,
  Setting,
} from '../src/lib/pages/admin/rest';
import type { Sanction } from '../src/lib/moderate/calls';
import type { Identity } from '../src/lib/openid';
import type { Passkey } from '../src/lib/passkeys';
import type { Key, LogIn, Security, Token } from '../src/lib/security';

const then = '2026-03-01T12:00:00Z';

const account = (id: number, username: string, more: Partial<Account> = {}): Account => ({
  id,
  username,
  email: '',
  email_confirmed: false,
  display_name: '',
  is_active: true,
  is_staff: false,
  is_superuser: false,
  has_password: true,
  date_joined: then,
  last_login: null,
  permissions: [],
  inherited: [],
  editable: true,
  groups: [],
  ...more,
});

const groups: Group[] = [
  { name: 'cooks', permissions: ['change_room', 'moderate_room'] },
  { name: 'a group with a name as long as names of groups may be, '.repeat(2), permissions: [] },
];

const users: Account[] = [
  account(ana.id, ana.name, {
    email: me.email,
    display_name: me.display_name,
    is_staff: true,
    is_superuser: true,
    last_login: then,
    permissions: ['view_user'],
    inherited: ['moderate_room'],
    groups: ['cooks'],
  }),
  account(ben.id, ben.name, { is_active: false, has_password: false, editable: false }),
  account(maryam.id, maryam.name, { is_staff: true }),
  account(long.id, long.name, { email: `${'long'.repeat(20)}@example.org` }),
];

const found: FoundRoom[] = rooms.map((room) => ({ ...room, owner_name: ana.name, created_at: then }));

const reason = 'The same link again and again.\nSee the log.';
const bans = [
  { id: 2, user: long, by: ana, at: then, reason },
  { id: 1, range: '2001:db8:1::/48', at: then, until: '2026-03-01T13:00:00Z', reason: '' },
];

const actions = [
  {
    id: 3,
    at: then,
    by: ana,
    road: 'page',
    action: 'ban',
    subject: long.name,
    details: { until: 'forever', reason },
  },
  { id: 2, at: then, by: long, road: 'token', action: 'mute', subject: 'مريم', room: 'kitchen' },
  {
    id: 1,
    at: then,
    road: 'command',
    action: 'change_user',
    subject: 'ben',
    details: { grant: 'add_room view_user', is_active: 'false', email: 'changed' },
  },
];

const invitations: OpenInvitation[] = [
  { id: 'i1', by: ana.name, uses_left: 3, groups: ['cooks'], expires_at: '2026-04-01T12:00:00Z' },
  { id: 'i2', by: '', uses_left: 1, groups: [], expires_at: '2026-04-02T12:00:00Z' },
];

const settings: Setting[] = [
  { name: 'listen', value: '127.0.0.1:8000', default: ':8000', help: 'Where the server listens.' },
  { name: 'sign_up', value: 'open', default: 'open', help: 'Who may sign up.' },
  { name: 'origins', value: '', default: '', help: 'Other pages that may connect.' },
];

const figures: Figures = {
  at: 1_772_366_400_000,
  uptime_ms: 90_061_000,
  users: 12,
  sessions: 15,
  connections: 14,
  rooms: 6,
  messages: 123_456,
  window_bytes: 4_200_000,
  heap_bytes: 30_000_000,
  memory_bytes: 61_000_000,
  goroutines: 88,
  accounts: 1204,
};

const logIn = { created_at: then, used_at: then, expires_at: '2026-05-01T12:00:00Z' };
const logIns: LogIn[] = [
  { ...logIn, id: 's0', device: 'Firefox on Linux', address: '192.0.2.7', current: true, way: '' },
  {
    ...logIn,
    id: 's1',
    device: '',
    address: '2001:db8:85a3:8d3:1319:8a2e:370:7348',
    current: false,
    way: 'link',
  },
];

const tokens: Token[] = [
  { id: 't1', name: 'bread bot', scopes: ['chat', 'rooms'], created_at: then, used_at: then },
  { id: 't2', name: '', scopes: ['admin'], created_at: then, expires_at: '2026-05-01T12:00:00Z' },
];

export const security: Security = {
  has_password: true,
  totp: false,
  second_factor: false,
  passkeys: 0,
  recovery_codes: 0,
};

export const key: Key = {
  secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  uri: 'otpauth://totp/Earshot:ana',
  qr: 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7',
};

const passkeys: Passkey[] = [
  { id: 1, name: 'the blue key', created_at: then, used_at: then },
  { id: 2, name: 'a telephone with a name that is longer than it should be, by far', created_at: then },
];

const sanction = (user: typeof ana, more: Partial<Sanction> = {}): Sanction => ({
  user,
  by: ana,
  at: then,
  reason: '',
  ...more,
});

const identities: Identity[] = [
  {
    id: 1,
    provider: 'sso',
    label: 'Example ID',
    issuer: 'https://id.example.org',
    name: me.email,
    created_at: then,
    used_at: then,
  },
  {
    id: 2,
    provider: '',
    label: '',
    issuer: `https://${'long.'.repeat(20)}example.org`,
    name: '',
    created_at: then,
  },
];

/** What the server says where a view does not say otherwise. */
export const answers: Answers = {
  'GET /server': server,
  'GET /me': me,
  'GET /rooms': { rooms },
  'GET /rooms/1/members': { members: [ana, ben, maryam, long] },
  'GET /rooms/1/mutes': {
    mutes: [sanction(ben, { until: '2026-03-01T13:00:00Z', reason: 'He sings.' }), sanction(long)],
    more: true,
  },
  'GET /rooms/1/bans': { bans: [sanction(cleo, { reason: 'لا' })], more: false },
  'GET /rooms/all': { rooms: found, next: 'garden' },
  'GET /bans': { bans, more: true },
  'GET /log': { actions, more: true },
  'GET /profiles': { profiles: [{ id: ana.id, display_name: me.display_name, avatar: '' }] },
  'GET /users': { users, next: 'more' },
  'GET /users/ana': users[0],
  'GET /users/ana/tokens': { tokens },
  'GET /users/ben': users[1],
  'GET /users/ben/tokens': { tokens: [] },
  'GET /groups': { groups },
  'GET /invitations': { invitations },
  'POST /invitations': { url: `https://example.org/signup?invitation=${'x'.repeat(43)}`, expires_at: then },
  'GET /settings': { settings },
  'GET /settings/second-factor': { required: 'staff' },
  'POST /login/device/look': { username: 'ana', display_name: 'Ana', expires_at: '2026-05-01T12:00:00Z' },
  'POST /login/device': { ticket: 't', number: '47', expires_at: '2026-05-01T12:00:00Z' },
  'POST /login/device/finish': never,
  'GET /me/device-link': never,
  // A dialog that is left takes its link back.
  'DELETE /me/device-link': null,
  'GET /figures': figures,
  'GET /me/security': security,
  'POST /me/security/totp': key,
  'GET /me/passkeys': { passkeys },
  'GET /me/identities': { identities },
  'GET /me/sessions': { sessions: logIns },
  'GET /me/tokens': { tokens },
  'POST /me/tokens': { ...tokens[0], secret: `earshot_${'x'.repeat(43)}` },
};
