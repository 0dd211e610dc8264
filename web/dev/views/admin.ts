import Admin from '../../src/lib/pages/admin/Admin.svelte';
import { sections } from '../../src/lib/pages/admin/sections';
import { Session } from '../../src/lib/state/session.svelte';
import { Problem } from '../backend';
import { guest, me, server } from '../people';
import { Stage } from '../talk';
import { press, scene } from '../view';
import type { View } from '../view';

function view(id: string, section: string, more: Partial<View> = {}, who = me): View {
  return {
    id,
    whole: true,
    at: `/admin/${section}`,
    scenes: () => {
      const { chat } = new Stage(who);
      return [scene(id, Admin, { session: new Session(), server, chat, section })];
    },
    ...more,
  };
}

const none = { users: [], rooms: [], groups: [], invitations: [], next: '' };

/** The administration, section by section. */
export const administration: readonly View[] = [
  ...sections.map(({ id }) => view(`admin-${id}`, id)),
  view('admin-selected', 'users', { act: (stage) => press(stage, 'main table [type=checkbox]') }),
  view('admin-nobody', 'users', { answers: { 'GET /users': none } }),
  view('admin-refused', 'rooms', { answers: { 'GET /rooms/all': new Problem(500, 'internal') } }),
  view('admin-guest', '', {}, guest),
];
