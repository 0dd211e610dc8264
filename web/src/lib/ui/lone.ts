import { graphemes } from '../text';

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
