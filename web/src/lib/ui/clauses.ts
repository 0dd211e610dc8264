import type { Passage } from '../state/types';
import type { User } from '../wire.gen';

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
