import type { View } from '../view';
import { administration } from './admin';
import { basics } from './basics';
import { dialogs } from './dialogs';
import { pages } from './pages';
import { rooms } from './rooms';
import { settings } from './settings';
import { talk } from './talk';

/** All there is to look at. */
export const views: readonly View[] = [
  ...basics,
  ...talk,
  ...rooms,
  ...dialogs,
  ...pages,
  ...settings,
  ...administration,
];
