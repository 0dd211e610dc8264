import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import type { Person } from '../harness/person.ts';
import { Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben']);
  const api = await scene.api('ana');
  await api.createRoom({ name: 'kitchen', title: 'Kitchen', topic: 'Bread' });
  await api.createRoom({ name: 'pantry', title: 'Pantry' });
});
afterEach(() => scene.clear());
afterAll(() => scene.end());

/** How far, in pixels, what is written stands from the side at which its line begins. */
async function away(person: Person, what: string, line: string): Promise<number[]> {
  return await person.page.locator(what).evaluateAll(
    (all, around) =>
      all.map((element) => {
        const range = new Range();
        range.selectNodeContents(element);
        const [text, box] = [range.getBoundingClientRect(), element.closest(around)?.getBoundingClientRect()];
        if (!box) return NaN;
        return Math.round(document.dir === 'rtl' ? box.right - text.right : text.left - box.left);
      }),
    line,
  );
}

test('what is written in the other direction stands beside its author, and a title beside its sign', async () => {
  const ana = await scene.person('ana');
  const ben = await scene.person('ben');
  await ben.page.evaluate(() => {
    localStorage.setItem('earshot.language', 'ar');
  });
  for (const person of [ana, ben]) {
    await person.visit('/rooms/kitchen');
    await person.page.locator('.talk .primary').click();
    await person.composer.waitFor();
  }
  await ana.write('مساء الخير');
  await ana.write('> قال\n\n- واحد\n- اثنان');
  await ana.write('Good **evening**');
  await ana.write('> said\n\n- one\n- two');
  await ben.page.getByText('two', { exact: true }).waitFor();
  for (const person of [ana, ben]) {
    await expect.poll(() => away(person, '[data-testid=rooms-joined] .room bdi', 'a')).toEqual([32]);
    await expect.poll(() => away(person, 'h1', '.what')).toEqual([0]);
    const texts = (): Promise<number[]> =>
      away(person, '[data-testid=message-text].plain, [data-testid=message-text] .text', '.body');
    await expect.poll(texts).toHaveLength(8);
    for (const far of await texts()) expect(far).toBeLessThan(32);
  }
  // What stands in a list is on the same side of its points as they are.
  const sides = (): Promise<string[]> =>
    ben.page
      .locator('ul[role=list], blockquote')
      .evaluateAll((all) => all.map((one) => getComputedStyle(one).direction));
  await expect.poll(sides).toEqual(['rtl', 'rtl', 'ltr', 'ltr']);
});

test('how many heard it is told once for messages in a row', async () => {
  const ana = await scene.person('ana');
  await ana.enter('Pantry');
  await ana.say('one');
  await ana.say('two');
  const states = ana.page.getByTestId('message-state');
  await expect.poll(() => states.allInnerTexts()).toEqual(['nobody heard it', 'nobody heard it']);
  const seen = (): Promise<string[]> =>
    states.evaluateAll((all) => all.map((one) => getComputedStyle(one).opacity));
  await expect.poll(seen).toEqual(['0', '1']);
  await ana.message('one').hover();
  await expect.poll(seen).toEqual(['1', '1']);
});

test('a picture that is pasted or dropped has no place yet, and the page says so', async () => {
  const ana = await scene.person('ana');
  await ana.enter('Kitchen');
  await ana.composer.focus();
  const carried = (type: string, text = ''): Promise<boolean> =>
    ana.page.evaluate(
      ([what, words]) => {
        const data = new DataTransfer();
        data.items.add(new File(['x'], 'x.png', { type: 'image/png' }));
        if (words) data.setData('text/plain', words);
        const how = { bubbles: true, cancelable: true };
        const event =
          what === 'paste'
            ? new ClipboardEvent('paste', { ...how, clipboardData: data })
            : new DragEvent(what ?? '', { ...how, dataTransfer: data });
        return (
          (what === 'paste' ? document.activeElement : document.querySelector('h1'))?.dispatchEvent(event) ??
          true
        );
      },
      [type, text],
    );
  const notice = ana.page.getByTestId('notice');
  await expect.poll(() => carried('paste')).toBe(false);
  await notice.getByText('cannot be sent yet').waitFor();
  await ana.composer.fill('x');
  await notice.waitFor({ state: 'detached' });
  // A browser would open it in the place of the page.
  expect(await carried('dragover')).toBe(false);
  expect(await carried('drop')).toBe(false);
  await notice.getByText('cannot be sent yet').waitFor();
  // Words that bring a picture of themselves are words.
  expect(await carried('paste', 'a cell')).toBe(true);
});

test('nothing jumps or flashes by when a room is opened and the first message comes', async () => {
  const ana = await scene.person('ana');
  const ben = await scene.person('ben');
  await ana.enter('Pantry');
  await ben.enter('Pantry');
  // Before any script of the page: what moves by itself, and what says that one waits as soon as it is there.
  await ana.page.addInitScript(() => {
    const seen: string[] = [];
    Object.assign(globalThis, { seen });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & {
        value: number;
        hadRecentInput: boolean;
      })[])
        if (!entry.hadRecentInput && entry.value > 0.01) seen.push(`a shift of ${entry.value.toFixed(3)}`);
    }).observe({ type: 'layout-shift', buffered: true });
    const since = new Map<Element, number>();
    const look = (now: number): void => {
      for (const element of document.querySelectorAll('.spin, .empty h1')) {
        const from = since.get(element) ?? now;
        since.set(element, from);
        if (now - from < 150 && getComputedStyle(element).visibility === 'visible')
          seen.push(element.outerHTML);
      }
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await ana.page.reload();
  await ana.isIn('Pantry');
  await ben.say('the first');
  await ana.hears('the first');
  const seen = await ana.page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
  expect(seen).toEqual([]);
});

test('several messages are copied as one would write them down', async () => {
  const ana = await scene.person('ana');
  const ben = await scene.person('ben');
  await ana.enter('Pantry');
  await ben.enter('Pantry');
  await ben.say('Bread?');
  await ben.write('Or **cake** from https://a.example/');
  await ana.page.locator('[data-key] strong').getByText('cake').waitFor();
  await ana.say('Cake, of course');
  await ana.write('/me <b>bakes</b>');
  // Among those that were said, and no longer on its way.
  await ana.page.locator('[data-key]').getByText('<b>bakes</b>').waitFor();
  const copied = await ana.page.evaluate(() => {
    const texts = [...document.querySelectorAll('[data-testid=message-text]')];
    const [first, last] = [texts.at(-4)?.firstChild, texts.at(-1)];
    if (!first || !last) return [];
    getSelection()?.setBaseAndExtent(first, 0, last, last.childNodes.length);
    const clipboardData = new DataTransfer();
    const event = new ClipboardEvent('copy', { bubbles: true, cancelable: true, clipboardData });
    last.dispatchEvent(event);
    return ['text/plain', 'text/html'].map((type) => clipboardData.getData(type));
  });
  const [plain, html] = copied.map((text) => text.replace(/\d\d:\d\d/g, '00:00'));
  expect(plain).toBe(
    'ben, 00:00\nBread?\nOr **cake** from https://a.example/\n\nana, 00:00\nCake, of course\nana <b>bakes</b>',
  );
  expect(html).toContain('Or <strong>cake</strong> from <a href="https://a.example/">https://a.example/</a>');
  expect(html).toContain('&lt;b&gt;bakes&lt;/b&gt;');
  expect(html).not.toMatch(/class|style|data-|<button/);
});

test('a room is left from the list', async () => {
  const ana = await scene.person('ana');
  await ana.enter('Pantry');
  await ana.joined.getByRole('link', { name: 'Pantry' }).click({ button: 'right' });
  await ana.page.locator(':popover-open').getByRole('button', { name: 'Leave room' }).click();
  await ana.others.getByRole('button', { name: 'Pantry' }).waitFor();
  await expect.poll(() => new URL(ana.page.url()).pathname).toBe('/');
});

test('nothing moves when the connection breaks off and is back', async () => {
  const ana = await scene.person('ana');
  await ana.enter('Pantry');
  const places = (): Promise<number[]> =>
    ana.page
      .locator('h1, [data-testid=composer], [data-testid=rooms-joined]')
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
  const before = await places();
  await scene.server.stop();
  await ana.page.getByRole('button', { name: 'Try now' }).waitFor();
  expect(await places()).toEqual(before);
  await scene.server.restart();
  // It is said for a few seconds.
  const back = ana.page.getByText('Connected again.').waitFor();
  await Promise.all([back, ana.online()]);
  expect(await places()).toEqual(before);
});

test('whoever types at no field writes, and on a message that the keys led to the letters do something', async () => {
  const ana = await scene.person('ana');
  await ana.enter('Pantry');
  await ana.say('click here');
  const focused = (): Promise<string | undefined> => ana.page.evaluate(() => document.activeElement?.id);
  await ana.message('click here').hover();
  await ana.page.getByTestId('message-tools').waitFor();
  await ana.message('click here').click();
  expect(await focused()).not.toBe('composer');
  await ana.page.keyboard.type('recipe');
  await expect.poll(() => ana.composer.inputValue()).toBe('recipe');
  await ana.composer.fill('');
  await ana.atMessage();
  await ana.page.keyboard.press('e');
  await expect.poll(() => ana.composer.inputValue()).toBe('click here');
});

test('a menu stands in the window where there is space for it neither below nor above its button', async () => {
  const ana = await scene.person('ana', { width: 320, height: 568, finger: true });
  await ana.enter('Kitchen');
  const { page } = ana;
  for (const height of [568, 256]) {
    await ana.resize({ width: 320, height });
    await page.getByRole('button', { name: 'Room menu' }).tap();
    const menu = page.locator(':popover-open');
    await menu.getByRole('button', { name: 'Delete room' }).waitFor();
    const beside = async (): Promise<boolean> => {
      const box = await menu.boundingBox();
      return box !== null && box.y >= 0 && box.y + box.height <= height;
    };
    await expect.poll(beside).toBe(true);
    await page.keyboard.press('Escape');
  }
});

test('what shows a password stands beside it, also from right to left', async () => {
  const ana = await scene.window('ana', { locale: 'ar' });
  await ana.visit('/login');
  const field = ana.page.locator('input[name=password]');
  await field.fill('correct horse');
  const [{ x: left, width } = { x: 0, width: 0 }, button] = [
    (await field.boundingBox()) ?? undefined,
    await ana.page.locator('input[name=password] + button').boundingBox(),
  ];
  // One writes from the right there, and what is typed ends where there is space for the button.
  const space = await field.evaluate((element) => {
    const { paddingLeft, paddingRight } = getComputedStyle(element);
    return { left: parseFloat(paddingLeft), right: parseFloat(paddingRight) };
  });
  expect(button?.x).toBeGreaterThanOrEqual(left);
  expect((button?.x ?? 0) + (button?.width ?? 0)).toBeLessThanOrEqual(left + space.left);
  expect(space.right).toBeLessThan(width / 4);
});

test('what is found is seen where a keyboard leaves little height', async () => {
  const ana = await scene.person('ana', { width: 360, height: 640 });
  await ana.enter('Kitchen');
  await ana.say('flour');
  await ana.page.keyboard.press('Control+Shift+F');
  await ana.resize({ width: 360, height: 250 });
  await ana.page.getByTestId('search').locator('input').first().fill('flour');
  await ana.page.getByTestId('search-count').getByText('1 found').waitFor();
  const conversation = ana.page.getByTestId('conversation');
  await expect.poll(() => conversation.evaluate((element) => element.clientHeight)).toBeGreaterThan(60);
  await ana.page.keyboard.press('Escape');
  await ana.page.getByRole('heading', { name: 'Kitchen' }).waitFor();
});
