import { isolated } from '../sentence';

/** Logging in on another device: on the one that lets in, and on the one that comes in. */
export default {
  // Where one is logged in.
  title: 'Log in on another device',
  tells: 'With a picture to scan, or a link, and without typing a password there.',
  prove: 'Show that it is you. Then there is a link for the other device.',
  make: 'Make a link',
  scan: 'Scan this with the other device, or open the link there. It then shows here, and you let it in.',
  picture: 'The link as a QR code',
  link: 'Link',
  linkHint: 'Do not hand it to anybody: whoever is let in by it is you.',
  copy: 'Copy the link',
  copied: 'Copied',
  select: 'It is selected: copy it with your keyboard.',
  goodFor: (clock: string): string => `Good for ${clock}`,
  asks: (who: string): string => `${isolated(who)} asks to log in as you.`,
  from: (address: string): string => `It is at the address ${isolated(address)}.`,
  same: 'It shows this number. If it does not, it is another device: refuse.',
  unknown: 'An unknown program',
  allow: 'Let it in',
  refuse: 'Refuse',
  allowed: 'It may come in…',
  refused: 'It was refused.',
  done: 'The other device is logged in. You find it under “Sessions”, and can end it there.',
  over: 'The link is not good any more.',
  another: 'Make another link',
  close: 'Close',
  proofByPasskey: 'Use a passkey',
  byLink: 'by link',

  // Before something is added that lets one in.
  proveFirst: 'Show first that it is you.',
  goOn: 'Go on',

  // A second factor that has to be.
  required: 'Set up a second factor',
  requiredTells:
    'This server wants one of you before you go on: a passkey, or an authenticator that shows codes. It is asked for when you log in.',
  oneOf: 'One of these',
  logOut: 'Log out',

  // Of whom one is required, in the administration.
  requiredOf: 'A second factor is required of',
  requiredHint: 'Whoever has none is logged out at once, and sets one up at the next log-in.',
  requiredNames: { nobody: 'nobody', staff: 'the staff and superusers', everybody: 'everybody' },
  requiredSaved: 'Saved.',

  // The other device.
  question: (name: string): string => `Log in as ${isolated(name)} on this device?`,
  own: 'Only if you have made this link yourself just now. With a link that somebody sent you, you would be in their account.',
  logInAs: (name: string): string => `Log in as ${isolated(name)}`,
  notNow: 'Do not log in',
  already: (name: string): string => `You are logged in as ${isolated(name)} on this device already.`,
  instead: (name: string): string =>
    `You are logged in as ${isolated(name)} on this device. That ends if you go on.`,
  back: 'Back',
  noToken: 'This link is not whole. Scan the picture again, or copy all of the link.',
  looking: 'One moment…',
  waiting: 'Now let this device in on the one that shows the link. There must stand this number:',
};
