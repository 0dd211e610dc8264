import { number } from '../language.svelte';
import { isolated } from '../sentence';

const people = (n: number): string => `${number(n)} ${n === 1 ? 'person' : 'people'}`;

/** What the way into a room needs, and what many parts say. */
export default {
  again: 'Try again',
  close: 'Close',
  back: 'Back to the rooms',
  later: 'This part could not be loaded.',
  kept: 'What is kept',
  people,

  // What went wrong. A server's error is told in its own words, unless a language has others for its code.
  problem: ((): string => '') as (code: string, field: string) => string,
  wrong: 'Something went wrong. Try again.',
  status: (n: number) => `The server answered with an error (${n}). Try again.`,
  wait: (seconds: number) => ` Try again in ${number(seconds)} s.`,
  unreachable: 'The server cannot be reached. Look at your network and try again.',
  unreadable: 'The server’s answer could not be read. Try again.',

  // Log-in.
  promise: 'You hear what is said while you are in the room. Nothing is kept.',
  logIn: 'Log in',
  signUp: 'Sign up',
  username: 'Username',
  password: 'Password',
  showPassword: 'Show password',
  silent: 'The server does not answer',
  offline: 'You are offline',
  offlineTells:
    'There is no network now. Nothing that was said is kept here, so there is nothing to show; the page goes on when the network is back.',
  logInEnded: 'Your log-in has ended. Log in again to go on.',
  notToldLogOut: (why: string) => `The server could not be told that you logged out: ${why}`,

  // A command and its connection.
  connectionLost: 'The connection was lost before the answer came.',

  // A room and the people in it.
  privateRoom: 'Private room',
  staffOnly: 'Staff only',
  accessOf: (access: string) => `${access}:`,
  skip: 'Skip to the message box',
  peopleHere: 'People here',
  peopleCount: (n: number) => `People: ${people(n)} here`,
  peopleUnknown: 'People: not known while disconnected',
  you: 'you',
  away: 'away',
  dnd: 'do not disturb',
  roomMenu: 'Room menu',
  deleteRoom: 'Delete room',
  over: 'You do not hear this room any more. What you see here is gone once you close it.',
  noRooms: 'There are no rooms yet',
  enterOne: 'Enter a room',
  createFirst: 'Rooms are where people talk here. Create the first one, and others can come in.',
  createRoom: 'Create a room',
  askForRoom: 'Rooms are where people talk here. Ask the people who run this server to create one.',
  choose: 'Choose a room on the left. You hear what is said while you are in it, and nothing of it is kept.',
  entering: (room: string) => `Entering ${isolated(room)}…`,
  whenConnected: 'As soon as there is a connection.',
  inside: (n: number) => `${people(n)} inside`,
  enter: 'Enter',
  entrance: 'The others see that you come in. You hear what is said from then on.',
  notListed: 'The rooms cannot be listed',
  looking: 'Looking for the room…',
  noRoom: 'There is no such room',
  noRoomTells: (name: string) => `No room is called “${name}”, or you may not see it.`,
  seeRooms: 'See all rooms',

  // Lines of the page's own in a conversation.
  start: 'You hear what is said from here on.',
  reloaded: 'The page was reloaded. What was said before is not kept; you hear what is said from here on.',
  disconnected: (at: string) =>
    `You have been disconnected since ${at}. What is said meanwhile follows if you are back soon.`,
  wasAway: 'You were disconnected; what was said meanwhile was not kept for you.',
  restarted: 'The server was restarted; what was said meanwhile did not reach you.',
  missing: 'Something may be missing here: not everything that was said reached you.',
  missingUpTo: (n: number) =>
    n === 1 ? '1 message may be missing here.' : `Up to ${number(n)} messages may be missing here.`,
  changed: (what: string) => `The room was changed: ${what}`,
  deleted: 'This room was deleted.',
  putOut: 'You were put out of this room.',
  entered: (who: string) => `${who} entered`,
  departed: (who: string) => `${who} left`,
  passed: (who: string) => `${who} came and went`,
  returned: (who: string) => `${who} left and came back`,
  others: (n: number) => `${number(n)} ${n === 1 ? 'other' : 'others'}`,
  /** `n` people are named. */
  typing: (who: string, n: number) => `${who} ${n === 1 ? 'is' : 'are'} typing…`,
  severalTyping: 'Several people are typing…',
  today: 'Today',
  yesterday: 'Yesterday',

  // What could not be sent.
  expired: 'For five minutes there was no way to send it.',
  expiredTried: 'The connection broke off, and for five minutes there was no answer: it may have been heard.',
};
