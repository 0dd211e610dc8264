import { account } from '../../i18n/account';
import { settings } from '../../i18n/settings';
import { security } from '../../i18n/security';
import type { Section } from '../sections';

/** The settings, in the order in which they are listed. */
export const sections: readonly Section[] = [
  { id: 'profile', title: () => account.t.profile, load: () => import('./Profile.svelte') },
  { id: 'password', title: () => account.t.passwordTitle, load: () => import('./Password.svelte') },
  { id: 'appearance', title: () => settings.t.appearance, load: () => import('./Appearance.svelte') },
  {
    id: 'notifications',
    title: () => settings.t.notifications,
    load: () => import('./Notifications.svelte'),
  },
  { id: 'privacy', title: () => settings.t.privacy, load: () => import('./Privacy.svelte') },
  { id: 'security', title: () => security.t.title, load: () => import('./Security.svelte') },
  { id: 'sessions', title: () => security.t.sessions, load: () => import('./Sessions.svelte') },
  { id: 'tokens', title: () => security.t.tokens, load: () => import('./Tokens.svelte') },
];
