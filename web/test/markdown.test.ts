import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, describe, expect, test } from 'vitest';
import { reading } from '../src/lib/lazy.svelte';
import { highlight } from '../src/lib/markdown/highlight';
import type { Highlighted } from '../src/lib/markdown/highlight';
import { called } from '../src/lib/markdown/names';
import type { Block, Inline } from '../src/lib/markdown/nodes';
import { parse } from '../src/lib/markdown/parse';
import { pieces } from '../src/lib/links';
import { deed, marked } from '../src/lib/text';
import { loneEmoji } from '../src/lib/ui/lone';
import MessageRow from '../src/lib/ui/MessageRow.svelte';
import { ben } from './fake';

afterEach(cleanup);

/** What is read of a text, with each thing named: b(bold). */
function told(text: string): string {
  const names = { strong: 'b', em: 'i', del: 'del', spoiler: 'spoiler' } as const;
  const inline = (node: Inline): string => {
    switch (node.kind) {
      case 'text':
        return node.text;
      case 'code':
        return `code(${node.text})`;
      case 'address':
        return `<${node.href}>`;
      case 'link':
        return `link(${node.nodes.map(inline).join('')} ${node.href})`;
      case 'name':
        return `name(${node.sign}${node.name})`;
      case 'author':
        return node.name;
      default:
        return `${names[node.kind]}(${node.nodes.map(inline).join('')})`;
    }
  };
  const block = (one: Block): string => {
    switch (one.kind) {
      case 'text':
        return one.nodes.map(inline).join('');
      case 'code':
        return `block(${one.language}|${one.text})`;
      case 'quote':
        return `quote(${one.blocks.map(block).join(' ')})`;
      case 'list':
        return `list(${one.items.map(({ value, blocks }) => `${value}:${blocks.map(block).join(' ')}`).join(';')})`;
    }
  };
  return parse(text).map(block).join(' / ');
}

describe('what is markdown', () => {
  test.each([
    ['**a** *b* _c_ ~~d~~ `e`', 'b(a) i(b) i(c) del(d) code(e)'],
    ['***both***', 'i(b(both))'],
    ['**a *b* c**', 'b(a i(b) c)'],
    ['`*a* | <b>`', 'code(*a* | <b>)'],
    ['||no *one* knows||', 'spoiler(no i(one) knows)'],
    ['> a\n> > b\nanswer', 'quote(a quote(b)) / answer'],
    ['x\n> a\n\n\ny', 'x / quote(a) / y'],
    ['- a\n- b\n  1. c\n\nend', 'list(0:a;0:b list(1:c)) / end'],
    ['3. a\n7. b\nend', 'list(3:a;7:b) / end'],
    ['- [ ] a', 'list(0:[ ] a)'],
    ['a\n```Go\nb *c*\n```\nd', 'a / block(go|b *c*) / d'],
    ['```\na\n\n  b', 'block(|a\n\n  b)'],
    ['```\na```', 'block(|a)'],
    ['```see there\na\n```', 'block(|see there\na)'],
    ['[a](https://b.example "c")', 'link(a https://b.example/)'],
    ['![a](https://b.example/c.png)', 'link(a https://b.example/c.png)'],
    ['[a](mailto:b@c.example)', 'link(a mailto:b@c.example)'],
    ['**https://a.example/b_c_d**', 'b(<https://a.example/b_c_d>)'],
    ['see <https://a.example/b,c>, <HTTP://d.example>', 'see <https://a.example/b,c>, <http://d.example/>'],
    ['www.a.example and **www.b.example**', '<https://www.a.example/> and b(<https://www.b.example/>)'],
    ['@ana, #kitchen.', 'name(@ana), name(#kitchen.)'],
    ['\\*a\\* \\`b\\` \\[c](https://d.example)', '*a* `b` [c](<https://d.example/>)'],
    ['你好**强调**吗', '你好b(强调)吗'],
  ])('%j', (text, expected) => {
    expect(told(text)).toBe(expected);
  });
});

describe('what is none is shown as it was typed', () => {
  test.each([
    '*_*',
    '*_* 2 * 3 * 4 snake_case >_<',
    '-_- so what -_- ^_^ and ^_^ >_< or >_<',
    '2*3*4 = a**b**c',
    'snake_case_name __',
    ':-) >:( ** * _ ~ ~~ || ` |',
    '¯\\_(ツ)_/¯',
    '\\\\server\\share C:\\dir \\d+\\.',
    '~5 to ~10 or ~5~',
    '+ 1',
    '-',
    '1.',
    '* * *',
    '---',
    'a\n---\nb\n===',
    '# not a heading',
    '    four blanks\n\ttab  \nend\\\nend ',
    '\n\na\n\n\n\nb\n',
    'a || b || c',
    '| a | b |\n|---|---|\n| 1 | 2 |',
    '<b>a</b> &lt; &amp; <!-- c --> <a href="x">',
    '[a]: /b\n[a] [a][b] [](c)',
    '[a](javascript:alert) [a](//b.example) [a](data:x) [a](/b) [a](https://u:p@b.example)',
    '[a](https://b.example/\u202ex)',
    'mail@example.org a#b',
  ])('%j', (text) => {
    const shown = told(text).replace(
      /<(https?:[^>]*)>|name\(([@#][^)]*)\)/g,
      (all, address: string | undefined, name: string | undefined) => name ?? address ?? all,
    );
    expect(
      shown
        .replaceAll('https://b.example/)', 'https://b.example)')
        .replaceAll('https://b.example/\u202e', 'https://b.example/\u202e'),
    ).toBe(text);
  });

  test('where it is deeper, or more, than anybody means', () => {
    expect(told(`${'> '.repeat(7)}a`)).toBe(`${'quote('.repeat(5)}> > a${')'.repeat(5)}`);
    expect(told('*a '.repeat(900))).toBe('*a '.repeat(900));
    expect(told(`\`\`\`\n${'*a* '.repeat(900)}\n\`\`\``)).toContain('block(|*a* ');
  });
});

describe('hostile texts', () => {
  const signs = [
    '*',
    '_',
    '~~',
    '`',
    '[',
    ']',
    '(',
    ')',
    '|',
    '||',
    '>',
    '> ',
    '- ',
    '1. ',
    '#',
    '@',
    '<',
    '!',
    '\\',
    '\n',
    ' ',
    '```',
    'a',
    'B',
    'ç',
    '7',
    '😀',
    'https://a.example/',
  ];

  /** A generator of its own, so that what fails once fails again (mulberry32). */
  function random(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  const letters = (text: string): string => text.match(/[\p{L}\p{Extended_Pictographic}]/gu)?.join('') ?? '';

  test('lose no letter, whatever is typed', () => {
    const next = random(20);
    for (let round = 0; round < 4000; round++) {
      const text = Array.from(
        { length: 1 + Math.floor(next() * 40) },
        () => signs[Math.floor(next() * signs.length)],
      ).join('');
      // What names a link's goal is shown by its host only.
      if (text.includes('](')) continue;
      const shown = (nodes: readonly (Block | Inline)[]): string =>
        nodes
          .map((node) => {
            if (node.kind === 'list') return node.items.map(({ blocks }) => shown(blocks)).join('');
            if ('blocks' in node) return shown(node.blocks);
            if ('nodes' in node) return shown(node.nodes);
            if (node.kind === 'name' || node.kind === 'author') return node.name;
            return (node.kind === 'code' && 'language' in node ? node.language : '') + node.text;
          })
          .join('');
      expect(letters(shown(parse(text))).toLowerCase(), JSON.stringify(text)).toBe(
        letters(text).toLowerCase(),
      );
    }
  });

  test('take no long time', () => {
    const parts = [
      '*',
      '_',
      '`',
      '[',
      '~',
      '|',
      '>',
      '> ',
      '- ',
      '-\n',
      '- a\n',
      '1. a\n',
      '*a ',
      '*a*',
      '**a_',
      '[a](',
      '![',
      '||a ',
      '@a ',
      '#a ',
      '<a ',
      '\\',
      'http://',
      'https://a.b/ ',
      '```\n',
      '> - ',
      '  - a\n',
    ];
    const begin = performance.now();
    for (const part of parts) {
      const text = part.repeat(8192 / part.length);
      parse(text);
      // Hidden from the count of signs, behind what looks like a block of code and is none.
      parse(`\`\`\`a\`\n${text}\n\`\`\``);
      parse(text.slice(0, 700));
    }
    parse('*a '.repeat(130) + 'a* '.repeat(130));
    parse(`${'> '.repeat(1000)}a`);
    parse(Array.from({ length: 100 }, (_, deep) => `${'  '.repeat(deep)}- a`).join('\n'));
    // It takes less than half a second where nothing else runs.
    expect(performance.now() - begin).toBeLessThan(30_000);
  });
});

describe('code', () => {
  const text = (tokens: readonly Highlighted[]): string =>
    tokens.map((token) => (typeof token === 'string' ? token : text(token.children))).join('');

  test.each([
    ['go', 'func main() { x := "a" } // b'],
    ['html', '<script>let a = "<b>" // c</script><img src=x onerror=alert(1)>'],
    ['ts', 'const a: string = `b${c}`'],
    ['diff', '+a\n-b'],
  ])('in %s is coloured, and the same to the letter', (language, code) => {
    const tokens = highlight(language, code) ?? [];
    expect(text(tokens)).toBe(code);
    expect(tokens.some((token) => typeof token !== 'string')).toBe(true);
  });

  test('in an unknown language, or too much of it, is not', () => {
    expect(highlight('constructor', 'a')).toBeNull();
    expect(highlight('__proto__', 'a')).toBeNull();
    expect(highlight('go', 'a'.repeat(30_000))).toBeNull();
  });
});

describe('names', () => {
  const find = (name: string): string | undefined =>
    ['ana', 'a.b.'].includes(name.toLowerCase()) ? name : undefined;
  test.each([
    ['ana', 'ana', ''],
    ['ANA...', 'ANA', '...'],
    ['a.b.', 'a.b.', ''],
    ['a.b..', 'a.b.', '.'],
  ])('%s', (text, name, rest) => {
    expect(called(text, find)).toMatchObject({ name, rest });
  });
  test.each(['anabel', 'an', 'ana.x', ''])('%s is nobody', (text) => {
    expect(called(text, find)).toBeNull();
  });
});

describe('small things', () => {
  test.each(['😀', '👍🏽👩‍👩‍👧', ' 🇨🇭 ❤️ 1️⃣ '])('%s is shown large', (text) => {
    expect(loneEmoji(text)).toBe(true);
  });
  test.each(['', '😀a', '123', '©', '😀😀😀😀', '*'])('%s is not', (text) => {
    expect(loneEmoji(text)).toBe(false);
  });
  test('a deed', () => {
    expect(deed('/me waves')).toBe('waves');
    for (const text of ['/me', '/me ', '/mend it', ' /me x', 'me x']) expect(deed(text)).toBeNull();
  });
  test('what has no mark in it costs no reading', () => {
    expect(marked('Hello, see https://a.example/b-c, it is 5 - 3.')).toBe(false);
    expect(pieces('https://a.example').length).toBe(1);
  });
});

describe('a message', () => {
  const props = { user: ben, at: 0, head: true, own: false, heard: -1 };
  async function show(text: string): Promise<HTMLElement> {
    await reading.load();
    render(MessageRow, { ...props, text });
    await tick();
    return screen.getByTestId('message-text');
  }

  test('is made of elements', async () => {
    const box = await show('**a** ~~b~~ `c`\n> d\n\n- e\n- f\n\n```\ng\n```');
    expect(box.querySelector('strong')?.textContent).toBe('a');
    expect(box.querySelector('del')?.textContent).toBe('b');
    expect(box.querySelector('blockquote')?.textContent).toBe('d');
    expect(box.querySelectorAll('li')).toHaveLength(2);
    expect(box.querySelector('pre')?.textContent).toBe('g');
  });

  test('has its numbers as they were typed', async () => {
    const box = await show('0. a\n1. b\n\n7. c');
    const numbers = [...box.querySelectorAll('li')].map((li) => li.getAttribute('value'));
    expect(numbers).toEqual(['0', '1', '7']);
  });

  test('tells where a named link leads', async () => {
    const box = await show('[bank.example](https://evil.example/x "bank.example")');
    const link = screen.getByRole('link');
    expect(link.getAttribute('href')).toBe('https://evil.example/x');
    expect(link.title).toBe('https://evil.example/x');
    expect(link.getAttribute('rel')).toBe('noopener noreferrer nofollow');
    expect(link.getAttribute('target')).toBe('_blank');
    expect(box.textContent).toBe('bank.example (evil.example)');
  });

  test('hides a spoiler until one asks for it', async () => {
    await show('the ||gardener||');
    const spoiler = screen.getByRole('button', { name: 'Spoiler: show' });
    expect(spoiler.firstElementChild?.hasAttribute('inert')).toBe(true);
    await fireEvent.keyDown(spoiler, { key: 'Enter' });
    expect(screen.queryByRole('button', { name: 'Spoiler: show' })).toBeNull();
    expect(spoiler.firstElementChild?.hasAttribute('inert')).toBe(false);
  });

  test('is told as a deed', async () => {
    const box = await show('/me **waves**');
    expect(box.textContent).toBe('ben waves');
    cleanup();
    expect((await show('/me waves')).textContent).toBe('ben waves');
  });

  test.each([
    '**<img src=x onerror=alert(1)>**',
    '[<b>](https://a.example)',
    '> <script>x</script>',
    '```html\n<img src=x>\n```',
    '||<svg onload=x>||',
    '`<b>`',
  ])('is never HTML: %j', async (text) => {
    const box = await show(text);
    expect(box.querySelector('img, script, svg:not(.lucide), b, iframe')).toBeNull();
    expect(box.textContent).toContain(/<[^>]*>/.exec(text)?.[0] ?? '');
  });
});
