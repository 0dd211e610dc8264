import { faces } from '../faces.svelte';
import { handle } from '../naming';
import type { User } from '../wire.gen';
import { inCode } from './format';
import type { Emoji } from './emoji';
import { search } from './emoji';
import type { Place } from './place';
import { commands } from './slash';

/** How many suggestions are shown. */
const most = 8;

/** What is being typed and can be completed: from `start` to the caret. */
export interface Wanted {
  kind: 'person' | 'room' | 'emoji' | 'command';
  query: string;
  start: number;
  end: number;
}

/** A suggestion. */
export interface Option {
  /** What it is called; unique among those shown. */
  label: string;
  detail: string;
  /** A sign before the name: an emoji. */
  sign: string;
  insert: string;
  /** The person that it is, if it is one. */
  user?: User;
}

const beginnings: readonly [Wanted['kind'], RegExp][] = [
  ['command', /^(\/)([\p{L}]*)$/u],
  ['person', /(?<![\p{L}\p{N}_@])(@)([\p{L}\p{N}\p{M}_.@+-]{0,150})$/u],
  ['room', /(?<![\p{L}\p{N}_#])(#)([\p{L}\p{N}\p{M}_.-]{0,80})$/u],
  // It may follow right upon another's code.
  ['emoji', /(?<=(?:^|[^\p{L}\p{N}:/])(?::[a-z0-9_+-]+:)*)(:)([a-z0-9_+-]{2,40})$/iu],
];

/** What is being typed before the caret; null where it is nothing to complete. */
export function wanted(text: string, caret: number): Wanted | null {
  const before = text.slice(0, caret);
  for (const [kind, beginning] of beginnings) {
    const match = beginning.exec(before.slice(-200));
    if (!match || (kind === 'command' && caret > 200)) continue;
    const query = match[2] ?? '';
    return inCode(before) ? null : { kind, query, start: caret - query.length - 1, end: caret };
  }
  return null;
}

/** Those whose name begins with what was typed, then those that have it in them. */
function ranked<Thing>(things: readonly Thing[], query: string, names: (thing: Thing) => string[]): Thing[] {
  const typed = query.toLowerCase();
  const rank = (thing: Thing): number => {
    const all = names(thing).map((name) => name.toLowerCase());
    if (all[0] === typed) return 0;
    if (all.some((name) => name.startsWith(typed))) return 1;
    return all.some((name) => name.includes(typed)) ? 2 : 3;
  };
  const found: Thing[][] = [[], [], []];
  for (const thing of things) found[rank(thing)]?.push(thing);
  return found.flat().slice(0, most);
}

/** The suggestions for what is being typed. `emoji` is all there are. None where the only one is typed already. */
export function options({ kind, query }: Wanted, place: Place, emoji: readonly Emoji[]): Option[] {
  const found = ((): Option[] => {
    switch (kind) {
      case 'person':
        return ranked(byName(place.people), query, (user) => [user.name, faces.called(user)]).map((user) => ({
          label: user.name,
          detail: handle(user) && faces.called(user),
          sign: '',
          insert: `@${user.name} `,
          user,
        }));
      case 'room':
        return ranked(byName(place.rooms), query, ({ name, title }) => [name, title]).map(
          ({ name, title }) => ({
            label: `#${name}`,
            detail: title === name ? '' : title,
            sign: '',
            insert: `#${name} `,
          }),
        );
      case 'emoji':
        return search(emoji, query, most).map(({ sign, name, codes }) => ({
          label: `:${codes[0] ?? name}:`,
          detail: '',
          sign,
          insert: sign,
        }));
      case 'command':
        return commands()
          .filter(({ name }) => name.startsWith(query.toLowerCase()))
          .map(({ name, after, what }) => ({
            label: `/${name}${after ? ` ${after}` : ''}`,
            detail: what,
            sign: '',
            insert: after ? `/${name} ` : `/${name}`,
          }));
    }
  })();
  const typed = found.length === 1 && kind !== 'emoji' && found[0]?.insert.trim().slice(1) === query;
  return typed ? [] : found;
}

function byName<Named extends { name: string }>(things: readonly Named[]): Named[] {
  return [...things].sort((a, b) => (a.name < b.name ? -1 : 1));
}
