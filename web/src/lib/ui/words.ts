import { common } from '../i18n/common';
import { language } from '../i18n/language.svelte';
import { hole, isolated, parted } from '../i18n/sentence';
import type { Connection } from '../client/link';
import type { Passage } from '../state/types';
import type { Occupant, User } from '../wire.gen';

/** How it stands with the connection, in a sentence; empty while all is well. `lost`: there was one before. */
export function connectionWords(connection: Connection, lost: boolean): string {
  const { t } = common;
  switch (connection.phase) {
    case 'idle':
    case 'open':
      return '';
    case 'connecting':
      return lost || connection.tries > 0 ? t.reconnecting : t.connecting;
    case 'waiting':
      return t.waits(waitingWords(connection.code));
    case 'ended':
      if (connection.why === 'login') return t.endedLogIn;
      return connection.code === 4501 ? t.endedRefused : t.endedForeign;
  }
}

function waitingWords(code: number): string {
  const { t } = common;
  switch (code) {
    case 1001:
      return t.lostRestart;
    case 4000:
      return t.lostSlow;
    case 4001:
      return t.lostSilent;
    case 4100:
      return t.lostFull;
    case 0:
      return t.lostReach;
    default:
      return t.lost;
  }
}

/** Whole seconds until a moment, at least 0. */
export const secondsUntil = (until: number, now: number): number =>
  Math.max(0, Math.ceil((until - now) / 1000));

/** One clause of a passage: the people named, how many more there were, and what they did. */
export interface Clause {
  users: readonly User[];
  more: number;
  verb: 'entered' | 'departed' | 'passed' | 'returned';
}

/** What a passage tells, clause by clause. */
export function clauses(passage: Passage): Clause[] {
  const all: Clause[] = [
    { users: passage.entered, more: passage.moreEntered, verb: 'entered' },
    { users: passage.departed, more: passage.moreDeparted, verb: 'departed' },
    { users: passage.passing, more: 0, verb: 'passed' },
    { users: passage.returned, more: 0, verb: 'returned' },
  ];
  return all.filter(({ users, more }) => users.length + more > 0);
}

/** How many names of a clause are written out: "ana, ben and 12 others". */
export function named(clause: Clause): { names: readonly User[]; others: number } {
  const all = clause.users.length + clause.more;
  const names = all <= 3 && clause.more === 0 ? clause.users : clause.users.slice(0, 2);
  return { names, others: all - names.length };
}

/** A piece of a sentence about people: one of them, or the words around. */
export type Told = User | string;

/** Who it was, in a sentence of its own: `say` makes it of those named and of how many others there were. */
export function told(names: readonly User[], others: number, say: (who: string) => string): Told[] {
  const { t } = common;
  const rest = others === 0 ? [] : [names.length > 0 ? t.others(others) : t.people(others)];
  const [before = '', after = ''] = parted(say(hole));
  let at = 0;
  const list = language.formats.list
    .formatToParts([...names.map(({ name }) => name), ...rest])
    .map(({ type, value }) => (type === 'element' ? names[at++] : undefined) ?? value);
  return [before, ...list, after].filter((one) => one !== '');
}

/** "ana, ben and 3 others": the names, and those of `all` whom they leave out. */
export function who(names: readonly string[], all: number): string {
  const others = all - names.length;
  return language.formats.list.format([
    ...names.map(isolated),
    ...(others > 0 ? [common.t.others(others)] : []),
  ]);
}

/** "ana is typing…"; at most two are named. */
export function typingWords(users: readonly User[]): Told[] {
  if (users.length === 0) return [];
  if (users.length > 2) return [common.t.severalTyping];
  return told(users, 0, (who) => common.t.typing(who, users.length));
}

/** How many messages a gap may have cost; 0 if nobody knows. The count is of events, and some are no messages. */
export function missing(count: number): string {
  return count === 0 ? common.t.missing : common.t.missingUpTo(count);
}

/** What somebody's status says to others; empty where it says nothing. */
export function statusWords({ status }: Occupant): string {
  if (status === 'away') return common.t.away;
  return status === 'dnd' ? common.t.dnd : '';
}
