import { number } from '../language.svelte';

/** The sections on the look and on privacy. */
export default {
  look: 'Theme',
  system: 'System',
  light: 'Light',
  dark: 'Dark',
  contrast: 'High contrast',
  contrastHint: 'High contrast is light or dark as the system is.',
  language: 'Language',
  browserLanguage: 'As the browser says',
  text: 'Size of the text',
  textSmall: 'Small',
  textNormal: 'Normal',
  textLarge: 'Large',
  textHuge: 'Very large',
  textSample: 'This is how large what people say is.',
  motion: 'Motion',
  motionSystem: 'As the system says',
  motionLess: 'Less',
  motionFull: 'All',
  reading: 'Reading',
  writing: 'Writing',
  enterSends: 'Enter sends',
  enterSendsOn: 'Shift+Enter begins a new line.',
  enterSendsOff: 'Enter begins a new line; Ctrl+Enter sends.',

  others: 'What others are told',
  typing: 'Others see that I am typing',
  typingHint: 'You see it of them all the same.',
  seen: 'Others see how far I have read',
  seenHint: 'In small rooms only. You see it of them all the same.',
  here: 'What this browser keeps',
  hereTells: 'Never anything that was said or typed. Only this:',
  rooms: (n: number) =>
    n === 1
      ? 'The number of one room that you were in'
      : `The numbers of ${number(n)} rooms that you were in`,
  choices: (n: number) =>
    n === 1 ? 'One choice of these settings' : `${number(n)} choices of these settings`,
  cookie: 'A cookie that keeps you logged in, until you log out',
  files: 'The page’s own files, without anything of yours',
  keepFiles: 'Keep the page’s own files',
  keepFilesHint: 'Then it opens without a network, and says that there is none.',
  forget: 'Forget it',
  forgetTells:
    'Choices are as at the beginning, and the rooms you were in are not entered by themselves any more.',
  forgotten: 'Forgotten.',
  server: 'What the server keeps',
  serverTells: 'It tells for how long, with its own settings, and who could read it.',
};
