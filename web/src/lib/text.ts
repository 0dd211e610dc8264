/** A piece of a text: words, or an address to be made a link. */
export interface Piece {
  text: string;
  href?: string;
}

// Candidates only; the URL parser decides. The first alternative keeps a scheme from being found inside a longer word.
const candidate = /(?<![\p{L}\p{N}])https?:\/\/[^\s<>"'`\p{Cc}]+/giu;

const opening: Record<string, string> = { ')': '(', ']': '[', '}': '{' };

/** Cuts off what belongs to the sentence and not to the address: closing signs, and brackets that were opened before it. */
function trimmed(address: string): string {
  // Counted once: whoever sends 8,000 brackets must not make it a square.
  const counts: Record<string, number> = {};
  for (const sign of address) counts[sign] = (counts[sign] ?? 0) + 1;
  let end = address.length;
  for (; end > 0; end--) {
    const last = address.charAt(end - 1);
    const open = opening[last];
    const surplus = open !== undefined && (counts[last] ?? 0) > (counts[open] ?? 0);
    if (!surplus && !'.,;:!?…*_'.includes(last)) break;
    counts[last] = (counts[last] ?? 0) - 1;
  }
  return address.slice(0, end);
}

/** Finds http and https addresses in a text. The pieces joined give the text again, to the letter. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(candidate)) {
    const address = trimmed(match[0]);
    if (!URL.canParse(address)) continue;
    const url = new URL(address);
    // user:password@host is how an address is made to look like another one's.
    if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push({ text: address, href: url.href });
    from = match.index + address.length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}

const encoder = new TextEncoder();

/** The length of a text in bytes of UTF-8, as the server counts it. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** One or two letters for a name: of its first two words, or its first letter. */
export function initials(name: string): string {
  const words = name.split(/[\s._@+-]+/u).filter((word) => word !== '');
  const letters = words.slice(0, 2).map((word) => {
    for (const { segment } of graphemes.segment(word)) return segment;
    return '';
  });
  return (letters.join('') || '?').toLocaleUpperCase();
}

/** "1 person", "1,204 people". */
export function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}
