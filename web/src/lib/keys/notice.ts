import { around } from '../i18n/around';

/** The keys that take one around, and what they do. */
export const noticeKeys = (): { keys: string; what: string }[] => {
  const { keys } = around.t;
  return [
    { keys: 'Ctrl+K', what: keys.switcher },
    { keys: 'Alt+↑', what: keys.up },
    { keys: 'Alt+↓', what: keys.down },
    { keys: 'Alt+Shift+↑', what: keys.unreadUp },
    { keys: 'Alt+Shift+↓', what: keys.unreadDown },
    { keys: '/', what: keys.search },
    { keys: 'Ctrl+Shift+F', what: keys.search },
    { keys: 'Esc', what: keys.escape },
    { keys: 'Ctrl+Shift+↑', what: keys.moveUp },
    { keys: 'Ctrl+Shift+↓', what: keys.moveDown },
    { keys: '?', what: keys.keys },
  ];
};
