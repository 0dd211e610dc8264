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
  /(?<![\p{L}\p{N}])(?:https?:\/\/|(?<![.:/@_-])www\.(?=[\p{L}\p{N}]))[^\s<>"'`\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/giu;

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
  // Without a scheme, what browsers take it for today.
  const bare = /^www\./i.test(address);
  const whole = bare ? `https://${address}` : address;
  if (!URL.canParse(whole)) return null;
  const url = new URL(whole);
  if (bare && !/^www\.[^.]+\.[^.]/.test(url.host)) return null;
  // user:password@host is how an address is made to look like another one's.
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return null;
  const plain = whole.toLowerCase().startsWith(`${url.protocol}//${url.host}`);
  return { text: address, href: url.href, ...(!plain && { host: url.host }) };
}

/** Finds http and https addresses in a text, and those that begin with www. The pieces joined give the text again, to the letter. */
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
  const match = /^(?:https?:\/\/|www\.)/i.test(text) ? candidate.exec(text) : null;
  candidate.lastIndex = 0;
  return match && (addressOf(match[0]) ?? { text: match[0] });
}
