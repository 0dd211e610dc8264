import { tools } from '../i18n/tools';

/** The keys of the conversation and of the message box, and what they do. */
export const keys: readonly { keys: string; what: () => string }[] = [
  { keys: 'Enter', what: () => tools.t.keys.send },
  { keys: 'Shift+Enter', what: () => tools.t.keys.newLine },
  { keys: '↑', what: () => tools.t.keys.editLast },
  { keys: 'Ctrl+↑', what: () => tools.t.keys.louder },
  { keys: 'Ctrl+↓', what: () => tools.t.keys.quieter },
  { keys: 'Escape', what: () => tools.t.keys.cancel },
  { keys: '↑ ↓', what: () => tools.t.keys.walk },
  { keys: '→', what: () => tools.t.keys.tools },
  { keys: 'R', what: () => tools.t.keys.reply },
  { keys: '+', what: () => tools.t.keys.react },
  { keys: 'E', what: () => tools.t.keys.edit },
  { keys: 'Delete', what: () => tools.t.keys.takeBack },
  { keys: 'C', what: () => tools.t.keys.copy },
];
