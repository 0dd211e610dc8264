import { counted } from '../../text';

const n = (count: number): string => count.toLocaleString('en');
/** A name, whatever direction it is written in. */
const iso = (name: string): string => `\u2068${name}\u2069`;

export default {
  // The message box.
  message: 'Message',
  saySomething: 'Say something',
  emoji: 'Emoji',
  send: 'Send',
  sendHow: 'Send (Enter). Drag it up to shout, down to whisper.',
  sendAnyway: 'Send it as a message',
  noCommands: 'Commands could not be loaded. Try again.',
  noEdit: 'What is needed to change it could not be loaded. Try again.',
  offline: 'Not connected: what you send waits here until the connection is back.',
  blank: 'Nobody could see this: it is blank.',
  audience(others: number): string {
    if (others <= 0) return 'Nobody else is here to hear you.';
    return others === 1 ? '1 person will hear this.' : `${n(others)} people will hear this.`;
  },
  bytesLeft: (left: number): string =>
    left < 0 ? `${n(-left)} bytes too long` : `${n(left)} ${left === 1 ? 'byte' : 'bytes'} left`,

  // A message.
  you: 'you',
  edited: 'edited',
  takenBack: 'Taken back',
  sending: 'sending…',
  waits: 'Waits for the connection.',
  notSent: (why: string): string => `Not sent. ${why}`,
  retry: 'Retry',
  discard: 'Discard',
  heardBy: (heard: number): string => (heard === 0 ? 'nobody heard it' : `heard by ${n(heard)}`),
  showAll: 'Show all',
  showLess: 'Show less',

  // The conversation.
  conversation: 'Conversation',
  whileAway: 'While you were away',
  jump: (fresh: number): string => (fresh > 0 ? `${n(fresh)} new` : 'Jump to newest'),
  nobodyHere: 'Nobody else is here. What you say now is heard by nobody, and not kept for who comes later.',
  nothingSaid: 'Nothing was said since you came in. Say something: everybody in the room hears it.',

  // The page's own lines in it.
  start: 'You hear what is said from here on.',
  hearers(names: readonly string[], others: number): string {
    const all = others > 0 ? [...names.map(iso), counted(others, 'other', 'others')] : names.map(iso);
    const last = all.pop() ?? '';
    if (all.length === 0) return `${last} hears you.`;
    return `${all.join(', ')} and ${last} hear you.`;
  },
  cleared: 'Your view was cleared. What is said from here on stands below.',
  reloaded: 'The page was loaded anew. What was said before is not kept; you hear what is said from here on.',
  lost: (time: string): string =>
    `You are disconnected since ${time}. What is said meanwhile follows if you are back soon.`,
  away: 'You were disconnected; what was said meanwhile was not kept for you.',
  restart: 'The server was restarted; what was said meanwhile did not reach you.',
  missing(count: number): string {
    if (count === 0) return 'Something may be missing here: not everything that was said reached you.';
    return count === 1 ? '1 message may be missing here.' : `Up to ${n(count)} messages may be missing here.`;
  },
  changed: (what: string): string => `The room was changed: ${iso(what)}`,

  // The room's place.
  clear: 'Clear my view',
  overNow: 'You do not hear this room any more. What you see here is gone once you close it.',
  close: 'Close',
  noRooms: 'There are no rooms yet',
  enterOne: 'Enter a room',
  createFirst: 'Rooms are where people talk here. Create the first one, and others can come in.',
  create: 'Create a room',
  askForOne: 'Rooms are where people talk here. Ask the people who run this server to create one.',
  chooseOne:
    'Choose a room on the left. You hear what is said while you are in it, and nothing of it is kept.',
  backToRooms: 'Back to the rooms',
  entering: (title: string): string => `Entering ${title}…`,
  onceConnected: 'As soon as there is a connection.',
  inside: (count: number): string => `${counted(count, 'person', 'people')} inside`,
  enter: 'Enter',
  seenEntering: 'The others see that you come in. You hear what is said from then on.',
  noList: 'The rooms cannot be listed',
  lookingFor: 'Looking for the room…',
  again: 'Try again',
  noSuchRoom: 'There is no such room',
  noRoomCalled: (name: string): string => `No room is called “${iso(name)}”, or it is not for you to see.`,
  seeRooms: 'See the rooms there are',
};
