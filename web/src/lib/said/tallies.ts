import { common } from '../i18n/common';
import { tools } from '../i18n/tools';
import { full } from '../naming';
import type { Tally } from '../state/types';
import { who } from '../ui/words';

/** What most people answer without words, the most usual first. */
export const usual = ['👍', '❤️', '😂', '🎉', '😮'];

/** So many are named. */
const most = 12;

/** An emoji, how many have put it to a message, and who; oneself first. */
export function told({ emoji, users }: Tally, me: number): string {
  const own = users.some(({ id }) => id === me);
  const others = users.filter(({ id }) => id !== me).slice(0, most);
  const names = [...(own ? [common.t.you] : []), ...others.map((one) => full(one))];
  return tools.t.reacted(emoji, users.length, who(names.slice(0, most), users.length));
}
