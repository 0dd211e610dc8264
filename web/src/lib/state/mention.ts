import { called } from '../markdown/names';
import type { Message, User } from '../wire.gen';
import { saidAs } from './items';
import type { RoomState } from './types';

const code = /```[^]*?(?:```|$)|`[^`\n]*`/g;
// As markdown/parse.ts reads names: not in the middle of a word.
const names = /(?<![\p{L}\p{N}\p{M}_])@([\p{L}\p{N}\p{M}_.@+-]{1,150})/gu;

/** Whether a text calls somebody by @name. What stands as code calls nobody. */
export function calls(text: string, name: string): boolean {
  const wanted = name.toLowerCase();
  const at = `@${wanted}`;
  // Most messages are done with here.
  if (!text.toLowerCase().includes(at)) return false;
  const find = (one: string): string | undefined => (one.toLowerCase() === wanted ? name : undefined);
  return [...text.replace(code, ' ').matchAll(names)].some(([, one = '']) => called(one, find) !== null);
}

/** Whether a message is meant for oneself: it has one's @name, or answers what one said. */
export function meant(room: RoomState, message: Message, me: User): boolean {
  if (calls(message.text, me.name)) return true;
  const { reply } = message;
  if (reply === undefined) return false;
  return saidAs(room, reply, me) !== undefined;
}
