import { number } from '../language.svelte';
import { isolated } from '../sentence';

/** What is said about messages, commands and emoji: it comes with what is loaded after the first painting. */
export default {
  // What can be done with a message.
  message: 'Message',
  react: 'React',
  reactWith: (emoji: string): string => `React with ${emoji}`,
  takeAway: (emoji: string): string => `Take your ${emoji} away`,
  reply: 'Reply',
  edit: 'Edit',
  takeBack: 'Take back',
  sure: 'Take it back for everybody?',
  keep: 'Keep it',
  copy: 'Copy message',
  copied: 'Copied',
  pressCopy: 'Press Ctrl+C',
  holdCopy: 'Selected: hold it to copy',
  select: 'Select text',
  withKey: (what: string, key: string): string => `${what} (${key})`,

  // Reactions, and who has seen what.
  reactions: 'Reactions',
  /** "👍 2: you and ana"; the count is what is shown. */
  reacted: (emoji: string, count: number, who: string): string => `${emoji} ${number(count)}: ${who}`,
  seenBy: (who: string): string => `Seen by ${who}`,
  seenByAll: 'Seen by everybody here',

  // Answers and changes.
  notHere: 'In answer to a message that is no longer here',
  inAnswerTo: (name: string, line: string): string => `In answer to ${isolated(name)}: ${line}`,
  wasTakenBack: 'Taken back',
  replyingTo: (name: string): string => `Reply to ${isolated(name)}`,
  editing: 'Edit your message',
  drop: 'Cancel',
  tooLate: 'It is too late: the server has forgotten that message, and nobody can change it any more.',
  tooLateText: 'Your text is still here.',
  nothingToEdit: 'There is nothing of yours that can still be changed.',
  nothingLeft: 'No message is empty. To take yours back, choose “Take back” at it.',
  noConnection: 'There was no connection to tell it by. Try again when it is back.',
  sizes: ['A whisper', 'Quiet', 'As loud as ever', 'Loud', 'A shout'],

  // Commands.
  commands: {
    me: 'Say what you do',
    topic: 'Change the topic of the room',
    invite: 'Let somebody enter this room',
    dnd: 'Do not disturb',
    away: 'Say that you are away',
    back: 'Say that you are back',
    clear: 'Clear your view',
    help: 'What you can type here',
  },
  /** What may follow a command, as an example. */
  examples: { me: 'waves', topic: 'what it is about', invite: 'name' },
  noCommand: (name: string): string => `There is no command /${name}. Type /help for a list.`,
  sayWhatYouDo: 'Add what you do: /me waves.',
  topicIs: (topic: string): string => `The topic is: ${isolated(topic)}`,
  noTopic: 'The room has no topic.',
  topicChanged: 'Topic changed.',
  sayWhom: 'Add a name: /invite name.',
  isOpen: 'Everybody with an account may enter this room.',
  invited: (name: string): string => `${isolated(name)} may enter this room now.`,
  dndNow: 'Others see that you do not want to be disturbed. /back ends it.',
  awayNow: 'Others see that you are away. /back ends it.',
  backNow: 'You are back.',
  dndHow: '/dnd on its own turns it on, /dnd off ends it.',
  noFiles: 'Pictures and files cannot be sent yet, only text.',

  // Suggestions.
  suggestions: 'Suggestions',
  suggested: (count: number): string =>
    `${number(count)} ${count === 1 ? 'suggestion' : 'suggestions'}, Enter takes one`,

  // Emoji.
  emoji: 'Emoji',
  findEmoji: 'Find an emoji',
  groups: 'Groups',
  /** By their numbers in Unicode's data. */
  groupNames: {
    0: 'Smileys',
    1: 'People',
    3: 'Nature',
    4: 'Food',
    5: 'Places',
    6: 'Activities',
    7: 'Things',
    8: 'Signs',
    9: 'Flags',
  },
  noEmoji: 'The emoji could not be loaded. Try again.',
  noneCalled: 'No emoji matches.',

  // Help.
  helpTitle: 'What you can type',
  ways: {
    bold: 'bold (Ctrl+B)',
    italic: 'italic (Ctrl+I)',
    gone: 'struck out (Ctrl+Shift+X)',
    code: 'code (Ctrl+E)',
    block: 'a block of code, up to the next ```',
    quote: 'a quote',
    list: 'a list; 1. with numbers',
    link: 'a link',
    spoiler: 'a spoiler',
    emoji: 'an emoji',
    name: 'somebody',
    room: 'a room',
  },
  helpEnd:
    'Enter sends, Shift+Enter begins a new line. To send a text that starts with a slash, type two: //text.',
  keys: {
    send: 'Send',
    newLine: 'Begin a new line',
    editLast: 'In an empty message box: change your last message',
    louder: 'In the message box: louder, up to a shout',
    quieter: 'In the message box: quieter, down to a whisper',
    cancel: 'Drop the answer or the change; from a message, back to the message box',
    walk: 'In the conversation: go from message to message',
    tools: 'On a message: go to what can be done with it',
    reply: 'On a message: answer it',
    react: 'On a message: react to it',
    edit: 'On your message: change it',
    takeBack: 'On your message: take it back',
    copy: 'On a message: copy it',
  },
};
