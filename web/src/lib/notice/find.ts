/** A text as it is compared: without case, and without the marks above and below letters. */
const plain = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();

const startsWord = (text: string, at: number): boolean =>
  at === 0 || !/[\p{L}\p{N}]/u.test(text.charAt(at - 1));

/** How well one word of a query fits; 0 for not at all. */
function wordScore(word: string, text: string): number {
  if (text === word) return 1000;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (at === 0) return 800;
    if (startsWord(text, at)) return 600;
  }
  const inside = text.indexOf(word);
  if (inside >= 0) return 400 - Math.min(inside, 99);
  return letters(word, text, true) || letters(word, text, false);
}

/** How well letters stand in a text one after the other, taken from the beginnings of words where there are some. */
function letters(word: string, text: string, beginnings: boolean): number {
  let score = 0;
  let from = 0;
  for (const letter of word) {
    const first = text.indexOf(letter, from);
    let at = first;
    while (beginnings && at >= 0 && !startsWord(text, at)) at = text.indexOf(letter, at + 1);
    if (at < 0) at = first;
    if (at < 0) return 0;
    score += startsWord(text, at) ? 20 : at === from ? 10 : 1;
    from = at + 1;
  }
  return Math.min(score, 299);
}

/** How well a query fits a text, by all of its words; 0 where one does not fit at all. Every text fits an empty query. */
export function fits(query: string, text: string): number {
  const words = plain(query)
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return 1;
  const against = plain(text);
  let sum = 0;
  for (const word of words) {
    const score = wordScore(word, against);
    if (score === 0) return 0;
    sum += score;
  }
  return sum / words.length;
}

/** Those that fit a query, the best first; those that fit as well stay in their order. */
export function found<Thing>(
  query: string,
  things: readonly Thing[],
  text: (thing: Thing) => string,
): Thing[] {
  return things
    .map((thing) => ({ thing, score: fits(query, text(thing)) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ thing }) => thing);
}
