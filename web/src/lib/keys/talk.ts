import { tools } from '../i18n/tools';

/** The keys of the conversation and of the message box, and what they do. */
export const talkKeys = (): { keys: string; what: string }[] => {
  const { keys } = tools.t;
  return [
    { keys: 'Enter', what: keys.send },
    { keys: 'Shift+Enter', what: keys.newLine },
    { keys: '↑', what: keys.editLast },
    { keys: 'Ctrl+↑', what: keys.louder },
    { keys: 'Ctrl+↓', what: keys.quieter },
    { keys: 'Esc', what: keys.cancel },
    { keys: '↑ ↓', what: keys.walk },
    { keys: 'Enter', what: keys.tools },
    { keys: 'R', what: keys.reply },
    { keys: '+', what: keys.react },
    { keys: 'E', what: keys.edit },
    { keys: 'Del', what: keys.takeBack },
    { keys: 'C', what: keys.copy },
  ];
};
