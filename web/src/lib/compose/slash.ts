import type { Place } from './place';

export interface Command {
  name: string;
  /** What follows it, as an example; empty where nothing does. */
  after: string;
  what: string;
}

export const commands: readonly Command[] = [
  { name: 'me', after: 'waves', what: 'Say what you do' },
  { name: 'topic', after: 'what it is about', what: 'Change the topic of the room' },
  { name: 'invite', after: 'name', what: 'Let somebody into this room' },
  { name: 'dnd', after: '', what: 'Do not disturb' },
  { name: 'away', after: '', what: 'Say that you are away' },
  { name: 'back', after: '', what: 'Be there again' },
  { name: 'help', after: '', what: 'What you can type here' },
];

/** What a text is meant to be: said, carried out, or asked about because it looks like a command and is none. */
export type Intention =
  | { kind: 'say'; text: string }
  | { kind: 'run'; command: string; rest: string }
  | { kind: 'ask'; why: string };

/** Reads a text that was sent. `//` at the beginning says a text that starts with one stroke; so does `/usr/bin`. */
export function intended(text: string): Intention {
  if (text.startsWith('//')) return { kind: 'say', text: text.slice(1) };
  const [all, name = ''] = /^\/([\p{L}\p{N}_-]+)(?=\s|$)/u.exec(text) ?? [];
  if (all === undefined) return { kind: 'say', text };
  const command = name.toLowerCase();
  const rest = text.slice(all.length).trim();
  if (!commands.some((one) => one.name === command)) {
    return { kind: 'ask', why: `There is no command /${name}. Type /help for those there are.` };
  }
  if (command !== 'me') return { kind: 'run', command, rest };
  return rest === ''
    ? { kind: 'ask', why: 'Say what you do: /me waves.' }
    : { kind: 'say', text: `/me ${rest}` };
}

/** Carries a command out, and gives what there is to tell about it. Fails as the REST API does. */
export async function run(command: string, rest: string, place: Place): Promise<string> {
  switch (command) {
    case 'topic':
      if (rest === '') return place.topic ? `The topic is: ${place.topic}` : 'The room has no topic.';
      await place.changeTopic(rest);
      return 'The topic was changed.';
    case 'invite': {
      const name = rest.replace(/^@/, '');
      if (name === '') return 'Say whom: /invite name.';
      if (place.open) return 'Everybody with an account may enter this room.';
      await place.invite(name);
      return `${name} may enter this room now.`;
    }
    case 'dnd':
      place.setStatus('dnd');
      return 'Others see that you do not want to be disturbed. /back ends it.';
    case 'away':
      place.setStatus('away');
      return 'Others see that you are away. /back ends it.';
    case 'back':
      place.setStatus('active');
      return 'You are back.';
    default:
      return '';
  }
}
