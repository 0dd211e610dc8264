import { number } from '../language.svelte';
import { isolated as name } from '../sentence';

export default {
  invite: 'Invite people',
  logOut: 'Log out',

  // What is told of a room, and its place in the list.
  tellMe: 'Notify me about',
  levels: { all: 'Everything', mentions: 'Mentions and replies', nothing: 'Nothing' },
  pin: 'Pin to the top',
  unpin: 'Unpin',
  moveUp: 'Move up',
  moveDown: 'Move down',
  moveUpKeys: 'Ctrl+Shift+↑ in the list',
  moveDownKeys: 'Ctrl+Shift+↓ in the list',
  isPinned: (title: string): string => `${name(title)} is pinned.`,
  isUnpinned: (title: string): string => `${name(title)} is no longer pinned.`,
  isOver: (title: string): string => `You do not hear ${name(title)} any more.`,
  movedTo: (title: string, at: number, of: number): string =>
    `${name(title)} is ${number(at)} of ${number(of)}.`,

  // Not to be disturbed.
  until: (time: string): string => `Until ${time}, then you can be disturbed again.`,
  quietFor: 'Do not disturb for',
  quietTimes: { half: '30 minutes', hour: '1 hour', tomorrow: 'Until tomorrow' },

  // Notifications. The first two are all that the system is told, unless one asked for more.
  toldMention: 'You were mentioned or answered',
  toldMessage: 'Something was said',

  // The settings.
  notify: 'Show notifications while the page is hidden',
  notifyNote: 'They name the room. What was said, and by whom, is not in them unless you ask for it.',
  notifyText: 'Show who wrote, and what',
  notifyTextNote: 'Your system may keep what it shows: on the locked screen, and in a list of its own.',
  notifyDenied:
    'Your browser does not let this page show notifications. Allow them by the icon beside the address, and turn this on again.',
  notifyMissing: 'Your browser has no notifications for this page. They need HTTPS, or this machine itself.',
  sound: 'A soft sound for what is said elsewhere',
  soundNote: 'Two notes for mentions and replies, one for the rest.',
  hear: 'Play it',
  usual: 'Notify me about, unless I set a room otherwise',
  eachRoom: 'Room by room',
  asUsual: (level: string): string => `As usual (${level})`,
  noRooms: 'You are in no room.',
  keptHere: 'Kept in this browser only, by the numbers of the rooms.',

  // The switcher.
  switcher: 'Go to a room or do something',
  switcherHint: 'Room, person or command',
  results: 'Results',
  resultCount: (n: number): string =>
    n === 0 ? 'Nothing matches.' : `${number(n)} ${n === 1 ? 'result' : 'results'}`,
  enterRoom: 'not entered',
  isIn: (title: string): string => `in ${name(title)}`,
  people: 'Show or hide the people here',
  leave: 'Leave this room',
  markAllRead: 'Mark everything as read',
  quietOn: 'Do not disturb: turn on',
  quietOff: 'Do not disturb: turn off',
  themes: {
    light: 'Theme: light',
    dark: 'Theme: dark',
    contrast: 'Theme: high contrast',
    system: 'Theme: as the system',
  },
  nothingUnread: 'Nothing is unread.',

  // The keys.
  keysTitle: 'Keyboard shortcuts',
  keysNote: 'Keys without Ctrl or Alt mean nothing while you type.',
  keys: {
    switcher: 'Go to a room or do something',
    up: 'The previous room',
    down: 'The next room',
    unreadUp: 'The previous room with something unread',
    unreadDown: 'The next room with something unread',
    search: 'Search what is on the screen',
    escape: 'Close what is open; in a room, mark it as read and go to the newest',
    moveUp: 'Move the room up, in the list',
    moveDown: 'Move the room down, in the list',
    keys: 'Show these keys',
  },

  // The search.
  searchNote: 'Only what this page still has: nothing else remembers what was said.',
  allRooms: 'All my rooms',
  older: 'Older match',
  younger: 'Younger match',
  closeSearch: 'Close the search',
  found: (n: number): string => (n === 0 ? 'Nothing found' : `${number(n)} found`),
  foundAt: (at: number, of: number): string => `${number(at)} of ${number(of)}`,
  listedOf: (shown: number, all: number): string => `The newest ${number(shown)} of ${number(all)}.`,
  settings: 'Settings',
  administration: 'Administration',
  look: 'Theme',
  lookSystem: 'System',
  lookLight: 'Light',
  lookDark: 'Dark',
};
