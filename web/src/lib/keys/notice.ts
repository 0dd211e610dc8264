import { around } from '../i18n/around';
import type { Key } from './types';

/** The keys that take one around. */
export const keys: readonly Key[] = [
  { keys: 'Ctrl+K', what: () => around.t.keys.switcher },
  { keys: 'Alt+↑', what: () => around.t.keys.up },
  { keys: 'Alt+↓', what: () => around.t.keys.down },
  { keys: 'Alt+Shift+↑', what: () => around.t.keys.unreadUp },
  { keys: 'Alt+Shift+↓', what: () => around.t.keys.unreadDown },
  { keys: '/', what: () => around.t.keys.search },
  { keys: 'Ctrl+Shift+F', what: () => around.t.keys.search },
  { keys: 'Escape', what: () => around.t.keys.escape },
  { keys: 'Ctrl+Shift+↑', what: () => around.t.keys.moveUp },
  { keys: 'Ctrl+Shift+↓', what: () => around.t.keys.moveDown },
  { keys: '?', what: () => around.t.keys.keys },
];
