import { number } from '../language.svelte';

/** How it stands with the connection. */
export default {
  connecting: 'Connecting…',
  reconnecting: 'Reconnecting… What you write is kept and sent.',
  waits: (why: string) => `${why} What you write is kept and sent.`,
  lost: 'Not connected: the connection broke off.',
  lostRestart: 'Not connected: the server is restarting.',
  lostSlow: 'Not connected: your network was too slow for what is said.',
  lostSilent: 'Not connected: nothing was heard from the server any more.',
  lostFull: 'Not connected: you have too many connections open, or the server is full.',
  lostReach: 'Not connected: the server cannot be reached.',
  endedLogIn: 'Not connected: your log-in has ended.',
  endedRefused: 'Not connected: the server refused too much of what this page sent.',
  endedForeign: 'Not connected: the server does not understand this page.',
  connected: 'Connected again.',
  tryingIn: (seconds: number) => `Trying again in ${number(seconds)} s.`,
  tryNow: 'Try now',
  reload: 'Reload the page',
};
