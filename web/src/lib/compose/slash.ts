import { tools } from '../i18n/tools';
import { deed } from '../text';
import type { Place } from './place';

export interface Command {
  name: string;
  /** What follows it, as an example; empty where nothing does. */
  after: string;
  what: string;
}

/** The commands there are, and what they do. */
export const commands = (): Command[] =>
  Object.entries(tools.t.commands).map(([name, what]) => {
    const examples: Readonly<Record<string, string | undefined>> = tools.t.examples;
    return { name, after: examples[name] ?? '', what };
  });

/** What a text is meant to be: said, carried out, or asked about because it looks like a command and is none. */
export type Intention =
  | { kind: 'say'; text: string }
  | { kind: 'run'; command: string; rest: string }
  | { kind: 'ask'; why: string };

/** Reads a text that was sent. `//` at the beginning says a text that starts with one stroke; so does `/usr/bin`. */
export function intended(text: string): Intention {
  if (text.startsWith('//')) {
    const said = text.slice(1);
    // With /me at its beginning it would be done, wherever it is read.
    return { kind: 'say', text: deed(said) === null ? said : ` ${said}` };
  }
  const [all, name = ''] = /^\/([\p{L}\p{N}_-]+)(?=\s|$)/u.exec(text) ?? [];
  if (all === undefined) return { kind: 'say', text };
  const command = name.toLowerCase();
  const rest = text.slice(all.length).trim();
  if (!Object.hasOwn(tools.t.commands, command)) return { kind: 'ask', why: tools.t.noCommand(name) };
  if (command !== 'me') return { kind: 'run', command, rest };
  return rest === '' ? { kind: 'ask', why: tools.t.sayWhatYouDo } : { kind: 'say', text: `/me ${rest}` };
}

/** Carries a command out, and gives what there is to tell about it. Fails as the REST API does. */
export async function run(command: string, rest: string, place: Place): Promise<string> {
  const { t } = tools;
  switch (command) {
    case 'topic':
      if (rest === '') return place.topic ? t.topicIs(place.topic) : t.noTopic;
      await place.changeTopic(rest);
      return t.topicChanged;
    case 'invite': {
      const name = rest.replace(/^@/, '');
      if (name === '') return t.sayWhom;
      if (place.open) return t.isOpen;
      await place.invite(name);
      return t.invited(name);
    }
    case 'dnd':
      if (!/^(?:on|off)?$/i.test(rest)) return t.dndHow;
      if (rest.toLowerCase() === 'off') return run('back', '', place);
      place.setStatus('dnd');
      return t.dndNow;
    case 'away':
      place.setStatus('away');
      return t.awayNow;
    case 'back':
      place.setStatus('active');
      return t.backNow;
    case 'clear':
      place.clear();
      return '';
    default:
      return '';
  }
}
