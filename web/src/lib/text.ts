/** A piece of a text: words, or an address to be made a link. */
export interface Piece {
  text: string;
  href?: string;
  /** The host that the address leads to, where the address as it stands there does not begin with it. */
  host?: string;
}

// Candidates only; the URL parser decides. What stands before keeps a scheme from being found inside a longer word. A sign
// that turns the direction of writing ends an address: it would show another one than it leads to.
const candidate =
  /(?<![\p{L}\p{N}])https?:\/\/[^\s<>"'`\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/giu;

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

/** The address that a match of `candidate` holds; null where it holds none. */
function addressOf(match: string): Piece | null {
  const address = trimmed(match);
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  // user:password@host is how an address is made to look like another one's.
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return null;
  const plain = address.toLowerCase().startsWith(`${url.protocol}//${url.host}`);
  return { text: address, href: url.href, ...(!plain && { host: url.host }) };
}

/** Finds http and https addresses in a text. The pieces joined give the text again, to the letter. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(candidate)) {
    const piece = addressOf(match[0]);
    if (!piece) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push(piece);
    from = match.index + piece.text.length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}

/** What a text begins with: an address, or what looks like one and is none; null where it is neither. */
export function leading(text: string): Piece | null {
  candidate.lastIndex = 0;
  const match = /^https?:\/\//i.test(text) ? candidate.exec(text) : null;
  candidate.lastIndex = 0;
  return match && (addressOf(match[0]) ?? { text: match[0] });
}

// Lines with nothing to see in them, after the end of a line: two of them part one thing from another, more only take room.
const emptyLines = /\n(?:(?:[^\S\n]|\p{DI})*\n){3,}/gu;
// What a terminal would obey has a picture each in Unicode; a line's end and a tab are what they are.
// eslint-disable-next-line no-control-regex
const controls = /[\0-\x08\x0b-\x1f\x7f]/g;

/** A text as it is shown: control characters as their pictures, and no more than two empty lines in a row. */
export function printed(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(controls, (sign) => (sign === '\x7f' ? '␡' : String.fromCharCode(0x2400 + sign.charCodeAt(0))))
    .replace(emptyLines, '\n\n\n');
}

// White space, control characters, and what a font draws nothing for; the last ones are not called ignorable by Unicode.
const unseen = /^[\s\p{Cc}\p{DI}\u2800\ufff9-\ufffb]*$/u;

/** Whether anything of a text can be seen. */
export function visible(text: string): boolean {
  return !unseen.test(text);
}

// What stands as a picture by itself, or is made one by the variation selector; flags; digits in a box.
const emoji = /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|\p{RI}{2}|[0-9#*]\ufe0f\u20e3)/u;

/** Whether a text is one to three emoji and nothing else. */
export function loneEmoji(text: string): boolean {
  const signs = text.trim().replaceAll(' ', '');
  // What begins with a letter, as nearly all do, is not taken apart.
  if (signs.length > 100 || !emoji.test(signs)) return false;
  const each = Array.from(graphemes.segment(signs), ({ segment }) => segment);
  return each.length > 0 && each.length <= 3 && each.every((one) => emoji.test(one));
}

// What any markdown there is has in it. A text without is shown as it is, and costs no reading.
const marks = /[*_~`|[>@#\\]|^ {0,3}(?:-|\d{1,9}[.)])[ \t]/m;

/** Whether a text may have markdown in it. */
export function marked(text: string): boolean {
  return marks.test(text);
}

const action = /^\/me\s+(?=\S)/;

/** What the author says to do: the text after `/me`; null where it is said and not done (docs/protocol.md, "Events"). */
export function deed(text: string): string | null {
  return action.test(text) ? text.replace(action, '') : null;
}

/** The first `most` characters of a text, with an ellipsis if there are more. */
export function shortened(text: string, most: number): string {
  const signs = Array.from(text);
  return signs.length > most ? `${signs.slice(0, most).join('')}…` : text;
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
