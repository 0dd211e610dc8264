import { pieces } from '../links';

/** An emoji as the picker and the completion know it. */
export interface Emoji {
  sign: string;
  name: string;
  codes: readonly string[];
  /** Name, codes and tags, in small letters. */
  words: string;
  group: number;
}

/** The groups of Unicode that are shown, each with one of its emoji. */
export const groups = [
  { id: 0, sign: '😀' },
  { id: 1, sign: '👋' },
  { id: 3, sign: '🐻' },
  { id: 4, sign: '🍎' },
  { id: 5, sign: '🚗' },
  { id: 6, sign: '⚽' },
  { id: 7, sign: '💡' },
  { id: 8, sign: '❤️' },
  { id: 9, sign: '🏁' },
] as const;

/** The newest version of Unicode's emoji that systems in use have pictures for. */
const newest = 15;

let loading: Promise<readonly Emoji[]> | undefined;

/** All emoji, in Unicode's order. They come with the page, from its own server. Fails where they cannot be had. */
export function emojis(): Promise<readonly Emoji[]> {
  loading ??= import('emoji-picker-element-data/en/github/data.json').then(
    ({ default: data }) =>
      data
        .filter(({ version }) => version <= newest)
        .map(({ emoji: sign, annotation: name, shortcodes: codes = [], tags = [], group }) => ({
          sign,
          name,
          codes,
          words: [name, ...codes, ...tags].join(' ').toLowerCase(),
          group,
        })),
    (fault: unknown) => {
      loading = undefined;
      throw fault;
    },
  );
  return loading;
}

/** The emoji that fit what was typed, best first: the code, its beginning, the beginning of a word, anywhere in a code. */
export function search(all: readonly Emoji[], query: string, most: number): Emoji[] {
  const wanted = query.toLowerCase().trim();
  const rank = ({ codes, words }: Emoji): number => {
    if (codes.includes(wanted)) return 0;
    if (codes.some((code) => code.startsWith(wanted))) return 1;
    if (words.startsWith(wanted) || words.includes(` ${wanted}`)) return 2;
    return codes.some((code) => code.includes(wanted)) ? 3 : 4;
  };
  const found: Emoji[][] = [[], [], [], []];
  for (const emoji of all) found[rank(emoji)]?.push(emoji);
  return found.flat().slice(0, most);
}

// One may follow right upon another.
const named = /(?<![\p{L}\p{N}:/])(?::[a-z0-9_+-]+:)+(?![\p{L}\p{N}])/gu;
// What stands between these is code, and stays as it is.
const quoted = /(^ {0,3}```[^`\n]*$[^]*?(?:^ {0,3}```|$(?![^]))|`[^`\n]*`)/gm;

/** A text with its `:codes:` as emoji, but for code and addresses. As it was where they cannot be had. */
export async function translated(text: string): Promise<string> {
  if (text.search(named) < 0) return text;
  let all: readonly Emoji[];
  try {
    all = await emojis();
  } catch {
    return text;
  }
  const signs = new Map(all.flatMap(({ codes, sign }) => codes.map((one) => [one, sign] as const)));
  const words = (part: string): string =>
    part.replace(named, (row) =>
      row.replace(/:([^:]+):/g, (typed, name: string) => signs.get(name) ?? typed),
    );
  return text
    .split(quoted)
    .map((part, index) =>
      index % 2 === 1
        ? part
        : pieces(part)
            .map((piece) => (piece.href === undefined ? words(piece.text) : piece.text))
            .join(''),
    )
    .join('');
}
