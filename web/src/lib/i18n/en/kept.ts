import { number } from '../language.svelte';

/** What the server keeps and for how long. docs/privacy.md says the same at length. */
export default {
  by: (server: string) => `by ${server}, for how long, and who could read it`,
  milliseconds: (n: number) => `${number(n)} millisecond${n === 1 ? '' : 's'}`,
  seconds: (n: number) => `${number(n)} second${n === 1 ? '' : 's'}`,
  minutes: (n: number) => `${number(n)} minute${n === 1 ? '' : 's'}`,
  said: 'What you say',
  nowhere: 'It is written nowhere:',
  nowhereTells: 'to no file, no database and no log of the server.',
  memory: 'In the server’s memory',
  window: (span: string) =>
    `${span} at most. It is there for people whose connection is lost: who comes back by then hears what they missed. Then it is overwritten.`,
  noWindow: 'Only until it has been passed on.',
  browsers: 'In the browsers of those who were in the room',
  browsersTell: 'In the page, until it is closed or loaded anew. Drafts too. They can copy what they hear.',
  later: 'For people who come later',
  laterTells: 'Nothing. There is no history to look at, for anybody.',
  you: 'About you',
  account: 'Your account',
  accountTells:
    'Your name, a hash of your password, your rights, when you signed up and when you last logged in. What you gave besides: your display name and your picture, which everybody who is logged in can see, and your email address, which they cannot. For as long as there is the account.',
  logIns: 'Log-ins',
  logInsTell:
    'A hash of each one’s cookie, a short name of the browser and the address it came from last, for 14 days after it was last used, or until you log out.',
  rooms: 'Rooms',
  roomsTell: 'Name, title, topic, owner, and who are members of a private one. Until the room is deleted.',
  where: 'Where you are now',
  whereTells: 'Which rooms you are in, and your status: in memory only.',
  grace: (span: string) => `If your connection is lost, you are seen there for another ${span}.`,
  place: 'Your place is held for as long as what is said.',
  browser: 'In your browser',
  cookie: 'Cookie',
  cookieTells: (name: string) => `One, ${name}. It keeps you logged in.`,
  storage: 'Storage',
  storageTells:
    'The numbers of the rooms you were in, their order, what you want to be told of, and how you want the page to be: its look, its language and the like. While the page is being loaded anew, what it needs to go on, which is no text.',
  history: 'History',
  historyTells: 'Addresses and titles of rooms, as of any page.',
  cache: 'Cache',
  cacheTells: 'The page itself, and pictures of people whom you met, until the browser drops them.',
  limits: 'What this cannot promise',
  limitsTell:
    'It is not encrypted from end to end. Those who run the server could hear what is said while it is said: by another program than this one, by reading its memory, or where the encryption of the connection ends.',
};
