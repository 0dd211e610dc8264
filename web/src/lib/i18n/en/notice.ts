import { number } from '../language.svelte';

// What is seen at once: the list of rooms, and oneself. What is opened later is in around.ts.
export default {
  rooms: 'Rooms',
  account: 'Your account:',
  invite: 'Invite people',
  logOut: 'Log out',
  quiet: 'Do not disturb',
  looking: 'Looking for rooms…',
  noRooms: 'There are no rooms yet.',
  createFirst: 'Create the first room',
  askForRooms: 'Ask the people who run this server to create one.',
  search: 'Search what is on the screen',
  filter: 'Filter rooms',
  pinned: 'Pinned',
  joined: 'Your rooms',
  others: 'Other rooms',
  toEnter: 'Rooms to enter',
  enter: 'Enter',
  inside: 'inside',
  peopleInside: (n: number): string => `${number(n)} ${n === 1 ? 'person' : 'people'} inside`,
  unread: 'unread',
  mentions: (n: number): string => (n === 1 ? 'mention of you' : 'mentions of you'),
  muted: 'Nothing is told of this room',
  noneCalled: 'No room is called anything like that.',
};
