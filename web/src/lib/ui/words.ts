import type { Connection } from '../client/link';
import type { Passage } from '../state/types';
import type { Occupant, User } from '../wire.gen';

/** How it stands with the connection, in a sentence; empty while all is well. `lost`: there was one before. */
export function connectionWords(connection: Connection, lost: boolean): string {
  switch (connection.phase) {
    case 'idle':
    case 'open':
      return '';
    case 'connecting':
      return lost || connection.tries > 0 ? 'Reconnecting… What you write is kept and sent.' : 'Connecting…';
    case 'waiting':
      return `${waitingWords(connection.code)} What you write is kept and sent.`;
    case 'ended':
      if (connection.why === 'login') return 'Not connected: your log-in has ended.';
      return connection.code === 4501
        ? 'Not connected: the server refused too much of what this page sent.'
        : 'Not connected: the server does not understand this page.';
  }
}

function waitingWords(code: number): string {
  switch (code) {
    case 1001:
      return 'Not connected: the server is restarting.';
    case 4000:
      return 'Not connected: your network was too slow for what is said.';
    case 4001:
      return 'Not connected: nothing was heard from the server any more.';
    case 4100:
      return 'Not connected: you have too many connections open, or the server is full.';
    case 0:
      return 'Not connected: the server cannot be reached.';
    default:
      return 'Not connected: the connection broke off.';
  }
}

/** Whole seconds until a moment, at least 0. */
export const secondsUntil = (until: number, now: number): number =>
  Math.max(0, Math.ceil((until - now) / 1000));

/** One clause of a passage: the people named, how many more there were, and what they did. */
export interface Clause {
  users: readonly User[];
  more: number;
  verb: string;
}

/** What a passage tells, clause by clause. */
export function clauses(passage: Passage): Clause[] {
  return [
    { users: passage.entered, more: passage.moreEntered, verb: 'entered' },
    { users: passage.departed, more: passage.moreDeparted, verb: 'left' },
    { users: passage.passing, more: 0, verb: 'came and went' },
    { users: passage.returned, more: 0, verb: 'left and came back' },
  ].filter(({ users, more }) => users.length + more > 0);
}

/** How many names of a clause are written out: "ana, ben and 12 others". */
export function named(clause: Clause): { names: readonly User[]; others: number } {
  const all = clause.users.length + clause.more;
  const names = all <= 3 && clause.more === 0 ? clause.users : clause.users.slice(0, 2);
  return { names, others: all - names.length };
}

/** What stands between the name at `index` and the one before it. */
export function joint(index: number, names: number, others: number): string {
  if (index === 0) return '';
  return index === names - 1 && others === 0 ? ' and ' : ', ';
}

/** "ana is typing…"; at most two are named. */
export function typingNames(users: readonly User[]): { names: readonly User[]; rest: string } {
  if (users.length === 0) return { names: [], rest: '' };
  if (users.length > 2) return { names: [], rest: 'Several people are typing…' };
  return { names: users, rest: users.length === 1 ? ' is typing…' : ' are typing…' };
}

/** What somebody's status says to others; empty where it says nothing. */
export function statusWords({ status }: Occupant): string {
  if (status === 'away') return 'away';
  return status === 'dnd' ? 'do not disturb' : '';
}
