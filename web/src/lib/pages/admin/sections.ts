import { admin } from '../../i18n/admin';
import { keeping } from '../../i18n/keeping';
import type { Section } from '../sections';
import { seesBans, seesInvitations, seesLog, seesRooms, seesServer, seesUsers } from './may';

/** The parts of the administration, in the order in which they are listed. */
export const sections: readonly Section[] = [
  { id: 'users', title: () => admin.t.users, load: () => import('./Users.svelte'), shown: seesUsers },
  { id: 'groups', title: () => admin.t.groups, load: () => import('./Groups.svelte'), shown: seesUsers },
  { id: 'rooms', title: () => admin.t.rooms, load: () => import('./Rooms.svelte'), shown: seesRooms },
  {
    id: 'invitations',
    title: () => admin.t.invitations,
    load: () => import('./Invitations.svelte'),
    shown: seesInvitations,
  },
  { id: 'bans', title: () => keeping.t.bans, load: () => import('./Bans.svelte'), shown: seesBans },
  { id: 'log', title: () => keeping.t.log, load: () => import('./Log.svelte'), shown: seesLog },
  { id: 'figures', title: () => admin.t.figures, load: () => import('./Figures.svelte'), shown: seesServer },
  { id: 'server', title: () => admin.t.server, load: () => import('./Server.svelte'), shown: seesServer },
];
