import { parse } from 'svelte/compiler';
import type { AST } from 'svelte/compiler';
import { afterEach, describe, expect, test } from 'vitest';
import before from '../public/theme.js?raw';
import { common } from '../src/lib/i18n/common';
import { formatsOf } from '../src/lib/i18n/formats';
import { language, number } from '../src/lib/i18n/language.svelte';
import type { Words } from '../src/lib/i18n/language.svelte';
import { because } from '../src/lib/i18n/problems';
import { hole, parted } from '../src/lib/i18n/sentence';
import { speak, tagOf } from '../src/lib/i18n/speak';

const components = import.meta.glob<string>('../src/**/*.svelte', {
  query: '?raw',
  import: 'default',
  eager: true,
});
const english = import.meta.glob<{ default: Words }>('../src/lib/i18n/en/*.ts', { eager: true });
const areas = Object.entries(english).map(([path, { default: words }]) => ({
  area: path.replace(/^.*\/(.*)\.ts$/, '$1'),
  words,
}));

afterEach(() => speak('en'));

/** What a word of a catalog says: of numbers of all plural forms, or of names. */
function sayings(words: unknown): unknown[] {
  if (typeof words === 'object' && words !== null) return Object.values(words).flatMap(sayings);
  if (typeof words !== 'function') return [words];
  const say = words as (...given: unknown[]) => unknown;
  return [0, 1, 2, 3, 11, 100, 'ana'].flatMap((given) => {
    // What takes names and is given numbers may not know what to do; one of both it knows.
    try {
      return sayings(say(given, given, given));
    } catch {
      return [];
    }
  });
}

describe('Arabic', async () => {
  const { default: arabic } = await import('../src/lib/i18n/ar');

  // On a page that counts in others they would stand beside these.
  test('has no digits of its own in what it says', () => {
    const texts = import.meta.glob<string>('../src/lib/i18n/ar/*.ts', {
      query: '?raw',
      import: 'default',
      eager: true,
    });
    const lines = Object.values(texts).flatMap((text) => text.split('\n'));
    expect(lines.filter((line) => /[٠-٩]/.test(line) && !line.startsWith('/**'))).toEqual([]);
  });

  // Areas that are being made; they are English until then.
  const coming = ['notice', 'around', 'account', 'moderate', 'security'];

  test.each(areas.filter(({ area }) => !coming.includes(area)))('says all of $area', ({ area, words }) => {
    const said: Words = (arabic as Record<string, Words>)[area] ?? {};
    expect(Object.keys(said).sort()).toEqual(Object.keys(words).sort());
    for (const [key, word] of Object.entries(words)) {
      expect(typeof said[key], key).toBe(typeof word);
      // A server's error is told in the server's own words, in English.
      if (key === 'problem') continue;
      const [english, arabic] = [sayings(word), sayings(said[key])];
      expect(english.length, key).toBeGreaterThan(0);
      expect(arabic.length, key).toBe(english.length);
      // What is empty in a list is a place that nothing stands in.
      for (const [at, one] of arabic.entries()) if (english[at] !== '') expect(one, key).toMatch(/\S/);
    }
  });

  test('has all forms of a number', async () => {
    await speak('ar');
    const said = [1, 2, 3, 11, 100].map((n) => common.t.people(n));
    expect(new Set(said).size).toBe(5);
    expect(said[1]).toBe('شخصان');
    expect(common.t.typing('ana', 1)).not.toBe(common.t.typing('ana', 2));
  });

  test('turns the page around, and English turns it back', async () => {
    const { documentElement: root } = document;
    await speak('ar');
    expect([root.lang, root.dir, language.tag]).toEqual(['ar', 'rtl', 'ar']);
    expect(common.t.logIn).toBe('تسجيل الدخول');
    expect(language.formats.list.format(['ا', 'ب'])).toBe('ا وب');
    await speak('en');
    expect([root.lang, root.dir, common.t.logIn]).toEqual(['en', 'ltr', 'Log in']);
  });

  test('tells errors by their code, and what it has no words for as the server does', async () => {
    expect(because('forbidden', 'Not you.')).toBe('Not you.');
    await speak('ar');
    expect(because('forbidden', 'Not you.')).toBe('ليس لك أن تفعل هذا.');
    expect(because('a_later_one', 'Not you.')).toBe('Not you.');
    expect(because('expired', '')).toMatch(/\p{Script=Arabic}/u);
  });
});

test.each([
  ['system', ['de-AT', 'ar-MA', 'en'], 'ar'],
  ['system', ['AR'], 'ar'],
  ['system', ['en-GB', 'ar'], 'en'],
  ['system', ['de'], 'en'],
  ['system', [], 'en'],
  ['en', ['ar'], 'en'],
  ['ar', ['en'], 'ar'],
] as const)('chosen is %s, the browser says %j: %s', (chosen, wanted, tag) => {
  expect(tagOf(chosen, wanted)).toBe(tag);
  // The script that runs before the page finds the same.
  const root = { dataset: {}, lang: '', dir: '' };
  const kept = {
    getItem: (key: string) => (key.endsWith('language') && chosen !== 'system' ? chosen : null),
  };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  new Function('document', 'localStorage', 'navigator', 'matchMedia', before)(
    { documentElement: root },
    kept,
    { languages: wanted },
    () => ({ matches: false }),
  );
  expect(root).toEqual({ dataset: {}, lang: tag, dir: tag === 'ar' ? 'rtl' : 'ltr' });
});

test('numbers and hours are those of the language, and of the country that the browser names', () => {
  expect(number(1234)).toBe('1,234');
  expect(formatsOf('en').list.format(['a', 'b', 'c'])).toBe('a, b and c');
  expect(formatsOf('ar').list.format(['ا', 'ب'])).toBe('ا وب');
});

test('a sentence is parted where something is shown by an element', () => {
  expect(parted(common.t.noRoomTells(hole))).toEqual(['No room is called “', '”, or you may not see it.']);
});

/** What is said in attributes. */
const speaking = [
  'aria-label',
  'aria-description',
  'alt',
  'label',
  'legend',
  'hint',
  'placeholder',
  'title',
  'action',
];
/** Words that are the same in every language: names of products, keys and formats. */
const names = /\b(?:Earshot|Ctrl|Shift|Enter|Esc|Alt|QR|TOTP|URL|ID)\b/g;

/** The words of a template that come from no catalog. */
function strays(node: unknown, found: string[] = []): string[] {
  if (Array.isArray(node)) {
    for (const one of node) strays(one, found);
    return found;
  }
  if (typeof node !== 'object' || node === null) return found;
  const { type, name: element } = node as { type?: string; name?: string };
  if (type === 'StyleDirective' || element === 'code') return found;
  // Of what stands in braces only text that is shown as it is counts: `{open ? 'less' : 'more'}`.
  const say = (text: string): void => {
    if (/\p{L}{2,}/u.test(text.replaceAll(names, ''))) found.push(text.trim());
  };
  if (type === 'Text') say((node as AST.Text).data);
  else if (type === 'ExpressionTag') shown((node as AST.ExpressionTag).expression, say);
  else if (type === 'Attribute') {
    const { name, value } = node as AST.Attribute;
    if (speaking.includes(name)) {
      for (const part of Array.isArray(value) ? value : [value]) strays(part, found);
    }
  } else {
    for (const [key, child] of Object.entries(node))
      if (key !== 'expression' && key !== 'test') strays(child, found);
  }
  return found;
}

/** The texts that an expression can come to. */
function shown(expression: unknown, say: (text: string) => void): void {
  const { type, ...parts } = expression as { type: string } & Record<string, unknown>;
  if (type === 'Literal' && typeof parts.value === 'string') say(parts.value);
  else if (type === 'TemplateLiteral') {
    for (const { value } of parts.quasis as { value: { raw: string } }[]) say(value.raw);
  } else if (type === 'ConditionalExpression') {
    shown(parts.consequent, say);
    shown(parts.alternate, say);
  } else if (type === 'LogicalExpression') shown(parts.right, say);
}

test('no component has words of its own', () => {
  const files = Object.entries(components).map(([path, text]) => ({
    name: path.replace('../src/', ''),
    text,
  }));
  expect(files.length).toBeGreaterThan(30);
  const found = files.flatMap(({ name, text }) =>
    strays(parse(text, { modern: true }).fragment).map((words) => `${name}: ${words}`),
  );
  expect(found).toEqual([]);
  // It reads every component there is.
}, 60_000);

test('words in a template are found, and only they', () => {
  const found = (template: string): string[] => strays(parse(template, { modern: true }).fragment);
  expect(found('<p>Hello</p>')).toEqual(['Hello']);
  expect(found('<p title="Say it">·</p>')).toEqual(['Say it']);
  expect(found('<p>{open ? `less of ${n}` : t.more}</p>')).toEqual(['less of']);
  expect(found('<A label={x || "Name it"} />')).toEqual(['Name it']);
  expect(found('<p class="both" data-x="one">{t.word} {name === "some" ? 1 : 2} – {n}</p>')).toEqual([]);
  expect(found('{#if a === "much"}<b>{b}</b>{/if}')).toEqual([]);
});
