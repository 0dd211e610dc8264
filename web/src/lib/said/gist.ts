import type { Item, RoomState, Said } from '../state/types';
import { deed, printed, shortened } from '../text';

/** How much of a message a quote shows, in characters. */
const most = 140;

const spoiler = /\|\|[^\s|][^]*?\|\|/g;
/** What opens or closes a block of code, or stands before a quote: it says nothing. */
const mark = /^ {0,3}(?:```.*$|(?:>[ \t]*)+)/;

/** The first line of a message that says something, and what the author does in it, if it is done and not said. */
export function gist(text: string): { line: string; deed: boolean } {
  const done = deed(text);
  const lines = printed((done ?? text).replace(spoiler, '▒▒▒')).split('\n', 50);
  const line = lines.map((one) => one.replace(mark, '').trim()).find((one) => one !== '') ?? '';
  return { line: shortened(line, most), deed: done !== null };
}

/** The item of a key: keys rise from item to item. */
export function itemOf(items: readonly Item[], key: number): Item | undefined {
  let low = 0;
  let high = items.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item?.key === key) return item;
    if (item && item.key < key) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

/** The message of a key, if it is still in view. */
export function saidOf(room: RoomState, key: number): Said | undefined {
  const item = itemOf(room.items, key);
  return item?.kind === 'said' ? item : undefined;
}

/** Whether the server knows the message by its number, and takes something about it. */
export const answerable = (room: RoomState, said: Said): boolean =>
  room.over === '' && !said.gone && said.text !== '' && said.key >= room.reach;
