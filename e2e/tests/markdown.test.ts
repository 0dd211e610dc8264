import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { dress } from '../harness/dress.ts';
import { isFocused } from '../harness/focus.ts';
import { amiss, overhang } from '../harness/look.ts';
import type { Person, Setup } from '../harness/person.ts';
import { Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben']);
  const api = await scene.api('ana');
  await api.createRoom({ name: 'kitchen' });
  await api.createRoom({ name: 'garden' });
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

/** Everything that people type, in one message. */
const everything = [
  '**bold** *italic* ~~gone~~ `code` ||a secret|| @ben see #garden and #nowhere',
  'https://example.org/a_b_c [the bread](https://example.org/bread) **[bank.example](https://evil.example/)**',
  '> said before',
  '> > and before that',
  '- one',
  '- two',
  '  1. half',
  '',
  '```go',
  'func main() { fmt.Println("hello", 42) } // said',
  '```',
].join('\n');

/** Each would run a script, load something or leave its place, if any construct let it. */
const attacks = [
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt&colon;alert(1)) [x](java\tscript:alert(1)) [x](\u0001javascript:alert(1))',
  '[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==) [x](vbscript:x) [x](blob:x) [x](//evil.example)',
  '![x](https://evil.example/pixel.png) ![x" onerror="alert(1)](https://evil.example/x.png)',
  '[x](https://evil.example/"onmouseover="alert(1)) [x](https://a.example "title\\" onclick=\\"alert(1)")',
  '[<img src=x onerror=alert(1)>](https://evil.example)',
  '**<script>alert(1)</script>** *<svg onload=alert(1)>* ~~<iframe srcdoc=x>~~ ||<img src=x onerror=alert(1)>||',
  '`<script>alert(1)</script>`',
  '> <iframe src="javascript:alert(1)"></iframe>',
  '- <object data="javascript:alert(1)">\n- <embed src=x>',
  '```html\n<script>alert(1)</script><img src=x onerror=alert(1)>\n```',
  '```"><script>alert(1)</script>\nx\n```',
  '```constructor\nx\n```',
  '@<b>ben</b> #"><img src=x onerror=alert(1)>',
  '<https://evil.example/<script>alert(1)</script>>',
  '[a]: javascript:alert(1)\n[a]',
  '<a href="javascript:alert(1)">*x*</a> <style>*{display:none}</style>',
  ':smile"><img src=x onerror=alert(1)>:',
  '/me <img src=x onerror=alert(1)> **<b>x</b>**',
  `${'> '.repeat(1000)}deep`,
  '*'.repeat(8000),
  '['.repeat(8000),
  `x${'`'.repeat(8000)}`,
  '*a '.repeat(2500),
];

/** What became of the conversation that no message may make of it. */
async function strange(person: Person): Promise<string[]> {
  return await person.page.getByTestId('conversation').evaluate((log) =>
    [...log.querySelectorAll('*')]
      .filter(
        (element) =>
          ['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'SCRIPT', 'STYLE', 'IMG', 'LINK'].includes(element.tagName) ||
          [...element.attributes].some(({ name }) => /^(on.*|srcdoc|style|src|data|action)$/i.test(name)) ||
          (element instanceof HTMLAnchorElement && !/^(https?|mailto):$/.test(element.protocol)) ||
          (element instanceof HTMLAnchorElement &&
            element.origin !== location.origin &&
            !element.rel.includes('noopener noreferrer')),
      )
      // The page's own: a hue, and where the tools of a message stand.
      .filter((element) => !element.matches('.avatar, [data-testid=message-tools]'))
      .map((element) => element.outerHTML),
  );
}

describe('markdown', () => {
  test('is harmless, whatever it holds, and costs little', async () => {
    const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
    await ana.enter('kitchen');
    await ben.enter('kitchen');
    const asked: string[] = [];
    ben.page.on('request', (request) => asked.push(request.url()));
    await ana.write('**begin**');
    for (const attack of attacks) {
      await ana.write(attack);
    }
    const texts = ben.page.getByTestId('message-text');
    await expect.poll(() => texts.count()).toBe(attacks.length + 1);
    await ben.page.getByText('begin', { exact: true }).waitFor();
    for (const person of [ana, ben]) {
      expect(await strange(person)).toEqual([]);
      expect(person.watch.faults).toEqual([]);
    }
    for (const spoiler of await ben.page.getByRole('button', { name: 'Spoiler: show' }).all())
      await spoiler.click();
    expect(await strange(ben)).toEqual([]);
    expect(asked.filter((url) => !url.startsWith(scene.server.url))).toEqual([]);
  });
});

describe('talking', () => {
  test('with names, emoji, commands, and a message copied', async () => {
    const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
    await ana.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    for (const person of [ana, ben]) {
      await person.visit('/rooms/kitchen');
      await person.page.getByRole('button', { name: 'Enter', exact: true }).click();
      await person.isIn('kitchen');
    }
    await ana.composer.pressSequentially('Dear @be');
    await ana.page.getByRole('option', { name: 'ben' }).waitFor();
    await ana.composer.press('Tab');
    // In the middle of a name all of it is replaced, and one goes on behind it.
    for (let left = 0; left < 3; left++) await ana.composer.press('ArrowLeft');
    await ana.page.getByRole('option', { name: 'ben' }).waitFor();
    await ana.composer.press('Enter');
    await ana.composer.pressSequentially('see #gar');
    await ana.page.getByRole('option', { name: '#garden' }).click();
    await ana.composer.pressSequentially(':tad');
    await ana.page.getByRole('option', { name: ':tada:' }).waitFor();
    await ana.composer.press('Enter');
    await expect.poll(() => ana.composer.inputValue()).toBe('Dear @ben see #garden 🎉');
    // It went in as if it had been typed: it can be undone.
    await ana.composer.press('ControlOrMeta+z');
    await expect.poll(() => ana.composer.inputValue()).toBe('Dear @ben see #garden :tad');
    await ana.composer.press('End');
    await ana.composer.pressSequentially('a:');
    await ana.composer.press('Enter');
    const heard = ben.page.getByTestId('message-text').last();
    await expect.poll(() => heard.innerText()).toBe('Dear @ben see #garden 🎉');
    await expect.poll(() => heard.locator('mark').allInnerTexts()).toEqual(['@ben']);
    expect(await ana.page.getByTestId('message-text').locator('mark').count()).toBe(0);

    await ana.write('/me waves');
    await ben.page.getByText('ana waves').waitFor();
    await ana.write('/topic Bread and cake');
    await expect.poll(() => ben.page.getByTestId('topic').innerText()).toBe('Bread and cake');
    await ana.write('/dnd');
    await ben.page.getByTestId('occupants').getByText('do not disturb').waitFor();
    await ana.write('/back');
    await ben.page.getByTestId('occupants').getByText('do not disturb').waitFor({ state: 'detached' });

    await ana.write('copy **this**');
    await ben.page.getByText('copy this').waitFor();
    // By mouse, and by keys alone; not on its way any more, where it would be gone from below the mouse.
    await ana.page.locator('[data-key]').getByText('copy this').waitFor();
    await ana.page.getByText('copy this').hover();
    await ana.page.getByRole('button', { name: 'Copy message' }).click();
    const clipboard = (): Promise<string> => ana.page.evaluate(() => navigator.clipboard.readText());
    await expect.poll(clipboard).toBe('copy **this**');
    await ana.atMessage(1);
    await ana.page.keyboard.press('c');
    await expect.poll(clipboard).toBe('/me waves');
    await ana.page.keyboard.press('Escape');
    await expect.poll(() => isFocused(ana.composer)).toBe(true);

    await ana.page.getByRole('button', { name: 'Emoji' }).click();
    await ana.page.getByRole('combobox', { name: 'Find an emoji' }).fill('hedgehog');
    const first = ana.page.getByRole('gridcell').first();
    await first.and(ana.page.getByRole('gridcell', { name: 'hedgehog' })).waitFor();
    await ana.page.keyboard.press('Enter');
    await expect.poll(() => ana.composer.inputValue()).toBe('🦔');
    await ana.composer.press('Enter');
    await ben.page.getByText('🦔').waitFor();
    await heard.page().getByRole('link', { name: '#garden' }).click();
    await ben.page.getByRole('heading', { level: 1, name: 'garden' }).waitFor();
  });
});

/** Somebody who has come into the garden. */
async function inGarden(name: string, setup: Setup = {}): Promise<Person> {
  const person = await scene.person(name, setup);
  await person.visit('/rooms/garden');
  await person.page.getByRole('button', { name: 'Enter', exact: true }).click();
  await person.isIn('garden');
  return person;
}

/** How much room there is between the end of the longest line of a block of code and the name of its language. */
const room = (box: Locator): Promise<number> =>
  box.evaluate((around) => {
    const [pre, code, name] = ['pre', 'code', 'bdi'].map((what) => around.querySelector(what));
    if (!pre || !code || !name) throw new Error('not shown');
    pre.scrollLeft = pre.scrollWidth;
    return name.getBoundingClientRect().left - code.getBoundingClientRect().right;
  });

describe.each([
  { scheme: 'light', width: 1440 },
  { scheme: 'dark', width: 1440 },
  { scheme: 'light', width: 320, height: 640 },
  { scheme: 'dark', width: 320, height: 640 },
] satisfies Setup[])('in $scheme, $width pixels wide', (setup) => {
  test('all of it can be read and fits the window', async () => {
    const ana = await inGarden('ana', setup);
    await ana.write(everything);
    await ana.page.getByText('half', { exact: true }).waitFor();
    await ana.page.locator('pre .word').first().waitFor();
    const look = async (name: string): Promise<void> => {
      expect.soft(await amiss(ana), name).toEqual([]);
      expect.soft(await overhang(ana), `${name} is wider than the window`).toBeLessThanOrEqual(0);
    };
    await ana.page.getByRole('button', { name: 'Spoiler: show' }).press('Enter');
    await ana.page.getByTestId('message').last().hover();
    await ana.composer.pressSequentially(':smi');
    await ana.page.getByTestId('suggestions').waitFor();
    await look('markdown and suggestions');
    await ana.write('/nope x');
    await ana.page.getByTestId('notice').waitFor();
    await look('an unknown command');
    await ana.write('/help');
    await ana.page.getByTestId('help').waitFor();
    await look('the help');
    await ana.page.keyboard.press('Escape');
    await ana.page.getByRole('button', { name: 'Emoji' }).click();
    await ana.page.getByRole('gridcell').first().waitFor();
    await look('the emoji');
  });

  test('no code is hidden by what stands above it, in either language', async () => {
    const ana = await inGarden('ana', setup);
    // Short in a quote, where the box is as wide as the code, and longer than the window.
    await ana.write('> ```typescript\n> let a = 1;\n> ```');
    await ana.write(`\`\`\`typescript\nlet a = ${'long + '.repeat(40)}1;\nlet b;\n\`\`\``);
    await ana.page.locator('pre .word').nth(2).waitFor();
    for (const language of ['en', 'ar'] as const) {
      await dress(ana, { language });
      for (const box of await ana.page.locator('.code').all()) expect(await room(box)).toBeGreaterThan(0);
    }
  });

  test('no words are hidden by how many heard them', async () => {
    const [ana] = [await inGarden('ana', setup), await inGarden('ben')];
    const text = 'hear '.repeat(40).trim();
    await ana.say(text);
    await ana.say('and now');
    // It is told of the last one; of those before where one points at them.
    await ana.message(text).hover();
    const told = ana.message(text).getByTestId('message-state');
    await expect.poll(() => told.evaluate((element) => getComputedStyle(element).opacity)).toBe('1');
    const [heard, words] = [
      await told.boundingBox(),
      await ana.message(text).getByTestId('message-text').boundingBox(),
    ];
    if (!heard || !words) throw new Error('not shown');
    expect(heard.x >= words.x + words.width || heard.y >= words.y + words.height).toBe(true);
    expect(heard.x + heard.width).toBeLessThan(setup.width);
  });
});
