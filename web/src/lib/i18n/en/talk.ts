import { number } from '../language.svelte';

/** What a conversation and its message box need at first. */
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
  offline: 'Not connected: what you send waits here.',
  blank: 'Nobody could see this: it is blank.',
  audience(others: number): string {
    if (others <= 0) return 'Nobody else is here to hear you.';
    return others === 1 ? '1 person will hear this.' : `${number(others)} people will hear this.`;
  },
  bytesLeft: (n: number) => `${number(n)} ${n === 1 ? 'byte' : 'bytes'} left`,
  bytesOver: (n: number) => `${number(n)} ${n === 1 ? 'byte' : 'bytes'} too long`,

  // A message.
  edited: 'edited',
  takenBack: 'Taken back',
  sending: 'sending…',
  waits: 'Waiting for the connection.',
  notSent: (why: string) => `Not sent. ${why}`,
  retry: 'Retry',
  discard: 'Discard',
  heardBy: (n: number) => (n === 0 ? 'nobody heard it' : `heard by ${number(n)}`),

  // The conversation.
  conversation: 'Conversation',
  whileAway: 'While you were away',
  fresh: (n: number) => `${number(n)} new`,
  jump: 'Jump to newest',
  nobodyHere:
    'Nobody else is here. Nobody hears what you say now, and it is not kept for those who come later.',
  nothingSaid: 'Nothing has been said since you came in. Say something: everybody in the room will hear it.',
  /** `n` people, whose names are in `who`. */
  hearers: (who: string, n: number) => `${who} ${n === 1 ? 'hears' : 'hear'} you.`,
  clear: 'Clear my view',
  cleared: 'You cleared your view. What is said from here on appears below.',
};
