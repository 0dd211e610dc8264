import type { Me, Room, Server } from '../src/lib/api';
import type { Hello, Occupant, User } from '../src/lib/wire.gen';

const everything = [
  'add_group change_group delete_group view_group add_invitation',
  'add_user change_user delete_user view_user view_server view_log',
  'change_room delete_room view_room moderate_room',
].flatMap((names) => names.split(' '));

export const ana: User = { id: 1, name: 'ana' };
export const ben: User = { id: 2, name: 'ben' };
export const cleo: User = { id: 3, name: 'cleo' };
export const maryam: User = { id: 4, name: 'مريم' };
/** As long as names may be. */
export const long: User = { id: 5, name: 'a-name-as-long-as-the-names-of-users-may-be-'.padEnd(150, 'x') };

export const me: Me = {
  id: ana.id,
  username: ana.name,
  display_name: 'Ana of the Kitchen',
  email: 'ana@example.org',
  email_confirmed: false,
  has_password: true,
  is_staff: true,
  is_superuser: true,
  can_create_rooms: true,
  permissions: everything,
};

/** Somebody who may nothing but talk. */
export const guest: Me = {
  ...me,
  id: ben.id,
  username: ben.name,
  is_staff: false,
  is_superuser: false,
  can_create_rooms: false,
  permissions: [],
};

const limits = {
  frame_bytes: 65536,
  text_bytes: 500,
  rooms: 100,
  posts_per_second: 20,
  posts_burst: 100,
  frames_per_second: 200,
  frames_burst: 4000,
};

export const server: Server = {
  name: 'Earshot of the Kitchen',
  version: 'dev',
  sign_up: 'open',
  create_rooms: 'everyone',
  mail: true,
  confirm_email: false,
  setup_needed: false,
  resume_ms: 60_000,
  grace_ms: 10_000,
  limits,
  passkey_domain: location.hostname,
  providers: [{ id: 'sso', label: 'Example ID' }],
  me,
};

export const hello = (who: User): Hello => ({
  type: 'hello',
  protocol: 'earshot.v1',
  server: 'dev',
  epoch: 'e1',
  user: who,
  limits,
  ping_ms: 25_000,
  resume: 't1',
  resume_ms: 60_000,
});

const room = (id: number, name: string, more: Partial<Room> = {}): Room => ({
  id,
  name,
  title: name,
  topic: '',
  access: 'public',
  owner: ana.id,
  occupants: 3,
  ...more,
});

export const kitchen = room(1, 'kitchen', { topic: 'What is cooking, and who brings the bread?' });
export const cellar = room(2, 'cellar', { access: 'private', title: 'The cellar' });
export const office = room(3, 'office', { access: 'staff', occupants: 1204 });
export const arabic = room(4, 'matbakh', { title: 'المطبخ', topic: 'ماذا نطبخ؟' });
export const wordy = room(5, 'a-name-as-long-as-names-may-be-'.padEnd(80, 'x'), {
  title: 'A title as long as the titles of rooms may be, and not a letter longer '.repeat(2).trim(),
  topic: 'What is cooking, and who brings the bread? '.repeat(6).trim(),
});
export const rooms: readonly Room[] = [kitchen, cellar, office, arabic, wordy, room(6, 'garden')];

export const inside: readonly Occupant[] = [
  ana,
  { ...ben, status: 'away' },
  { ...cleo, status: 'dnd' },
  maryam,
  long,
];
