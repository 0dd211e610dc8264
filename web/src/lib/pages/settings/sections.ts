import { settings } from '../../i18n/settings';
import type { Section } from '../sections';

/** The settings, in the order in which they are listed. */
export const sections: readonly Section[] = [
  { id: 'appearance', title: () => settings.t.appearance, load: () => import('./Appearance.svelte') },
  {
    id: 'notifications',
    title: () => settings.t.notifications,
    load: () => import('./Notifications.svelte'),
  },
  { id: 'privacy', title: () => settings.t.privacy, load: () => import('./Privacy.svelte') },
];
