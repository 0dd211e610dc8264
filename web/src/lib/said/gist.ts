import { tools } from '../i18n/tools';
import type { Block, Inline } from '../markdown/nodes';
import { parse } from '../markdown/parse';
import type { Item, RoomState, Said } from '../state/types';
import { deed, marked, printed, shortened } from '../text';

/** How much of a message a quote shows, in characters. */
const most = 140;

/** How loud a message is, in words, from -2 to 2. */
export const loudness = (size: number): string => tools.t.sizes[size + 2] ?? '';

/** The words of a message without its marks; what is hidden stays so. */
const words = (nodes: readonly Inline[]): string =>
  nodes
    .map((node) => {
      switch (node.kind) {
        case 'spoiler':
          return '▒▒▒';
        case 'name':
          return node.sign + node.name;
        case 'author':
          return node.name;
        case 'text':
        case 'code':
        case 'address':
          return node.text;
        default:
          return words(node.nodes);
      }
    })
    .join('');

/** The words of blocks, block by block. */
const told = (blocks: readonly Block[]): string[] =>
  blocks.flatMap((block) => {
    switch (block.kind) {
      case 'text':
        return words(block.nodes);
      case 'code':
        return block.text;
      case 'quote':
        return told(block.blocks);
      default:
        return block.items.flatMap((item) => told(item.blocks));
    }
  });

/** The first line of a message that says something, and what the author does in it, if it is done and not said. */
export function gist(text: string): { line: string; deed: boolean } {
  const done = deed(text);
  const shown = printed(done ?? text);
  const lines = (marked(shown) ? told(parse(shown)).join('\n') : shown).split('\n', 50);
  const line = lines.map((one) => one.trim()).find((one) => one !== '') ?? '';
  return { line: shortened(line, most), deed: done !== null };
}

/** The item of a key: keys rise from item to item. */
function itemOf(items: readonly Item[], key: number): Item | undefined {
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
