import type { RoomState, Said } from '../state/types';

/** A message that has what is searched. */
export interface Match {
  room: number;
  said: Said;
}

const folded = (text: string): string => text.toLowerCase();

/** The messages of a room, as the page has it in memory, that have a text in them; the oldest first. */
export function matchesIn(room: RoomState, query: string): Match[] {
  const wanted = folded(query.trim());
  if (wanted === '') return [];
  return room.items
    .filter((item): item is Said => item.kind === 'said' && folded(item.text).includes(wanted))
    .map((said) => ({ room: room.id, said }));
}

/** What stands around the first place where a text has the other, in three parts. */
export function excerpt(text: string, query: string): [string, string, string] {
  const around = 40;
  const wanted = query.trim();
  const at = folded(text).indexOf(folded(wanted));
  // Some letters have another length in small: then nothing is marked.
  if (at < 0 || folded(text).length !== text.length) return [text.slice(0, 2 * around), '', ''];
  const start = Math.max(0, at - around);
  const end = at + wanted.length;
  return [
    `${start > 0 ? '…' : ''}${text.slice(start, at)}`,
    text.slice(at, end),
    `${text.slice(end, end + around)}${end + around < text.length ? '…' : ''}`,
  ];
}

/** The places below an element where the text is, as ranges of its text nodes. */
export function rangesIn(element: Element, query: string): Range[] {
  const wanted = folded(query.trim());
  const ranges: Range[] = [];
  if (wanted === '') return ranges;
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = folded(node.nodeValue ?? '');
    if (text.length !== node.nodeValue?.length) continue;
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
      const range = new Range();
      range.setStart(node, at);
      range.setEnd(node, at + wanted.length);
      ranges.push(range);
    }
  }
  return ranges;
}
