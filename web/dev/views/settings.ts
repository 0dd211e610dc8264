import Settings from '../../src/lib/pages/settings/Settings.svelte';
import Once from '../../src/lib/pages/settings/Once.svelte';
import { sections } from '../../src/lib/pages/settings/sections';
import { Session } from '../../src/lib/state/session.svelte';
import { Problem, never } from '../backend';
import { kitchen, server } from '../people';
import { Stage } from '../talk';
import { press, scene } from '../view';
import type { View } from '../view';

function view(id: string, section: string, more: Partial<View> = {}): View {
  return {
    id,
    whole: true,
    at: `/settings/${section}`,
    scenes: () => {
      const stage = new Stage();
      stage.enter();
      stage.chat.look(kitchen.id);
      return [scene(id, Settings, { session: new Session(), server, chat: stage.chat, section })];
    },
    ...more,
  };
}

const secured = { has_password: true, totp: true, second_factor: true, passkeys: 2, recovery_codes: 8 };

/** The settings, section by section. */
export const settings: readonly View[] = [
  ...sections.map(({ id }) => view(`settings-${id}`, id)),
  view('settings-secured', 'security', { answers: { 'GET /me/security': secured } }),
  view('settings-enrolling', 'security', {
    act: async (stage) => {
      await press(stage, '[aria-labelledby=authenticator] .button');
      await press(stage, 'dialog [type=submit]');
    },
  }),
  view('settings-device', 'security', {
    act: (stage) => press(stage, '[aria-labelledby=other-device] .button'),
  }),
  view('settings-refused', 'sessions', { answers: { 'GET /me/sessions': new Problem(500, 'internal') } }),
  view('settings-awaited', 'tokens', { answers: { 'GET /me/tokens': never } }),
  view('settings-ending', 'sessions', { act: (stage) => press(stage, 'main .button.danger') }),
  {
    id: 'once',
    scenes: () => [
      scene('shown once', Once, { hint: 'Keep it.', lines: ['one', 'two'], ondone: () => undefined }),
    ],
  },
];
