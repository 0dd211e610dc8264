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

// What any markdown there is has in it. A text without is shown as it is, and costs no reading.
const marks = /[*_~`|[>@#\\]|^ {0,3}(?:-|\d{1,9}[.)])[ \t]/m;

/** Whether a text may have markdown in it. */
export function marked(text: string): boolean {
  return marks.test(text);
}

// Letters, digits, and signs that keep to their line: nothing that is heaped upon a letter, that is not seen, or that is a picture.
const common = /^[\n\p{Zs}\p{L}\p{N}\p{P}\p{Sc}$+<=>^`|~]*$/u;
const address = /:\/\/|www\./i;
const lines = /\n[\s\p{DI}]*\n|(?:\n[^\n]*){8}/u;

/**
 * Forgets in which text something was found last. Browsers keep that text until something is found in another one
 * (RegExp.input), and of a message that was changed, taken back or cleared nothing is to be left.
 */
export function unfind(): void {
  /.?/.test('');
}

/** Whether a text can be shown as it is, and without a look at what became of it: most are short, and of common letters. */
export function plain(text: string): boolean {
  return text.length <= 200 && common.test(text) && !lines.test(text) && !marked(text) && !address.test(text);
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

/** Finds what people take for one letter or sign. */
export const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

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
