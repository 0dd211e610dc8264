import { isolated } from '../sentence';

/** Logging in by another provider, and the accounts there that one is linked to. */
export default {
  or: 'or',
  logInWith: (provider: string): string => `Log in with ${isolated(provider)}`,

  loggedOut: 'You are logged out here, and the provider was told.',

  title: 'Linked accounts',
  hint: 'An account elsewhere by which you can log in here. Nothing of what is said goes there.',
  none: 'You have linked none yet.',
  link: (provider: string): string => `Link ${isolated(provider)}`,
  linkQuestion: (provider: string): string =>
    `You go to ${isolated(provider)}, and come back here. From then on it lets you in.`,
  goOn: 'Go on',
  linked: 'The account is linked. You can log in with it from now on.',
  unlink: 'Unlink',
  unlinkNamed: (provider: string): string => `Unlink ${isolated(provider)}`,
  unlinkQuestion: (provider: string): string => `${isolated(provider)} lets you in no more.`,
  /** Of one that the server does not ask any more. */
  gone: 'this server does not use it any more',

  /** Why it came to nothing, by the reason of docs/protocol.md. */
  reasons: {
    over: 'That took too long, or was begun elsewhere. Try again.',
    cancelled: 'Nothing was done: you stopped, or were not let on.',
    unreachable: 'That provider does not answer now. Log in another way, or try again later.',
    refused:
      'What the provider said could not be checked. Try again, and tell those who run this server if it stays so.',
    unknown:
      'No account here is linked to the one that you came with. Log in another way and link it in the settings, or ask those who run this server.',
    domain: 'Only some addresses of mail are let in here, and yours at that provider is not one of them.',
    inactive: 'Your account here may not log in. Ask those who run this server.',
    taken: 'Another account here is linked to that one already.',
    many: 'You have linked as many accounts as there can be.',
    identity:
      'Nothing would be left by which you could log in. Add a passkey or a password before you unlink this.',
    login:
      'Log out and log in again, and do this within ten minutes: so nobody else does it at your browser.',
    setup: 'This server has not been set up yet.',
    banned: 'You are banned from this server.',
    busy: 'Too many people log in at this moment. Try again.',
    rate_limited: 'That was tried too often. Wait a little, and try again.',
  } as Readonly<Record<string, string>>,
  failed: 'That did not work. Try again.',
};
