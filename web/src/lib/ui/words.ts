import { common } from '../i18n/common';
import { language } from '../i18n/language.svelte';
import { hole, isolated, parted } from '../i18n/sentence';
import type { Occupant, User } from '../wire.gen';

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
