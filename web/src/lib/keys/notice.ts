import { around } from '../i18n/around';

/** The keys that take one around, and what they do. */
export const keys: readonly { keys: string; what: () => string }[] = [
  { keys: 'Ctrl+K', what: () => around.t.keys.switcher },
  { keys: 'Alt+↑', what: () => around.t.keys.up },
  { keys: 'Alt+↓', what: () => around.t.keys.down },
  { keys: 'Alt+Shift+↑', what: () => around.t.keys.unreadUp },
  { keys: 'Alt+Shift+↓', what: () => around.t.keys.unreadDown },
  { keys: '/', what: () => around.t.keys.search },
  { keys: 'Ctrl+Shift+F', what: () => around.t.keys.search },
  { keys: 'Esc', what: () => around.t.keys.escape },
  { keys: 'Ctrl+Shift+↑', what: () => around.t.keys.moveUp },
  { keys: 'Ctrl+Shift+↓', what: () => around.t.keys.moveDown },
  { keys: '?', what: () => around.t.keys.keys },
];
