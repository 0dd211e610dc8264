import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { unfit } from '../harness/fit.ts';
import { isFocused } from '../harness/focus.ts';
import { amiss } from '../harness/look.ts';
import type { Person } from '../harness/person.ts';
import { Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben']);
  const api = await scene.api('ana');
  for (const name of ['attic', 'cellar', 'garden', 'kitchen']) await api.createRoom({ name });
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

const titles = (person: Person, part: 'joined' | 'pinned'): Promise<string[]> =>
  person.page.getByTestId(`rooms-${part}`).getByRole('link').locator('bdi').allInnerTexts();

const focused = (person: Person): Promise<string> =>
  person.page.evaluate(
    () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.id ?? '',
  );

async function inRooms(person: Person, ...names: string[]): Promise<void> {
  for (const name of names) {
    await person.visit(`/rooms/${name}`);
    await person.connected();
    await person.page.getByRole('button', { name: 'Enter', exact: true }).click();
    await person.isIn(name);
  }
}

test('one gets around by keys alone', async () => {
  const ana = await scene.person('ana');
  const { keyboard } = ana.page;
  await inRooms(ana, 'attic', 'cellar', 'garden');
  const ben = await scene.person('ben');
  await inRooms(ben, 'attic');

  // The switcher: by letters of a name, and into a room that one is not in.
  await keyboard.press('Control+k');
  const combobox = ana.page.getByRole('combobox', { name: 'Go to a room or do something' });
  await combobox.waitFor();
  expect(await amiss(ana)).toEqual([]);
  await keyboard.type('ktch');
  await expect.poll(() => ana.page.getByRole('option', { selected: true }).innerText()).toContain('kitchen');
  await keyboard.press('Enter');
  await ana.isIn('kitchen');
  await expect.poll(() => focused(ana)).toBe('Message');

  // Up and down, and to what is unread; also while one types.
  await keyboard.press('Alt+ArrowDown');
  await ana.isIn('attic');
  await keyboard.press('Alt+ArrowUp');
  await ana.isIn('kitchen');
  await ben.say('one for the attic');
  await expect.poll(() => ana.unread('attic')).toBe(1);
  await keyboard.press('Alt+Shift+ArrowDown');
  await ana.isIn('attic');
  await keyboard.press('Alt+Shift+ArrowDown');
  await expect.poll(() => ana.page.getByTestId('announced').innerText()).toContain('Nothing is unread.');

  // What is typed is typed.
  await expect.poll(() => focused(ana)).toBe('Message');
  await keyboard.type('is it? /');
  await expect.poll(() => ana.composer.inputValue()).toBe('is it? /');
  await ana.composer.fill('');

  // Escape in the room: all is read.
  await ana.page.getByTestId('new').waitFor();
  await keyboard.press('Escape');
  await ana.page.getByTestId('new').waitFor({ state: 'detached' });

  // The search, in what the page has.
  await ana.say('the ladder is in the attic');
  await keyboard.press('Control+Shift+F');
  await expect.poll(() => focused(ana)).toBe('Search what is on the screen');
  await keyboard.type('ATTIC');
  const count = ana.page.getByTestId('search-count');
  await expect.poll(() => count.innerText()).toBe('2 found');
  await keyboard.press('Enter');
  await expect.poll(() => count.innerText()).toBe('2 of 2');
  await keyboard.press('Enter');
  await expect.poll(() => count.innerText()).toBe('1 of 2');
  const marked = () => ana.page.evaluate(() => CSS.highlights.get('earshot-now')?.size);
  await expect.poll(marked).toBe(1);
  expect(await amiss(ana)).toEqual([]);
  await keyboard.press('Escape');
  await ana.page.getByTestId('search').waitFor({ state: 'detached' });
  await expect.poll(marked).toBe(0);

  // The keys, told.
  await ana.page.getByRole('heading', { level: 1 }).focus();
  await keyboard.press('?');
  await ana.page.getByTestId('keys').waitFor();
  expect(await amiss(ana)).toEqual([]);
  await keyboard.press('Escape');
  await ana.page.getByTestId('keys').waitFor({ state: 'detached' });

  // The order of the list, and pins.
  await expect.poll(() => titles(ana, 'joined')).toEqual(['attic', 'cellar', 'garden', 'kitchen']);
  const garden = ana.joined.getByRole('link', { name: 'garden' });
  const there = () => isFocused(garden);
  await garden.focus();
  await keyboard.press('Control+Shift+ArrowUp');
  await expect.poll(() => titles(ana, 'joined')).toEqual(['attic', 'garden', 'cellar', 'kitchen']);
  await expect.poll(there).toBe(true);
  await keyboard.press('Control+Shift+ArrowUp');
  await expect.poll(() => titles(ana, 'joined')).toEqual(['garden', 'attic', 'cellar', 'kitchen']);
  await expect.poll(() => ana.page.getByTestId('announced').innerText()).toMatch(/garden.* is 1 of 4/);
  await expect.poll(there).toBe(true);
  await keyboard.press('Shift+F10');
  await ana.page.getByRole('button', { name: 'Pin to the top' }).focus();
  await keyboard.press('Enter');
  await expect.poll(() => titles(ana, 'pinned')).toEqual(['garden']);
  await ana.page.reload();
  await ana.connected();
  await expect.poll(() => titles(ana, 'pinned')).toEqual(['garden']);
});

test('the switcher that was closed is opened by the very next key', async () => {
  const ana = await scene.person('ana');
  const switcher = ana.page.getByTestId('switcher');
  await ana.page.keyboard.press('Control+k');
  await switcher.waitFor();
  // In one task: by the next one the browser has told that it closed.
  await ana.page.evaluate(async () => {
    const press = (): unknown =>
      (document.activeElement ?? document.body).dispatchEvent(
        new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, bubbles: true, cancelable: true }),
      );
    press();
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    press();
  });
  await expect.poll(() => switcher.isVisible()).toBe(true);
  await ana.page.keyboard.press('Escape');
  await expect.poll(() => switcher.count()).toBe(0);
});

test('rooms are dragged with the mouse', async () => {
  const ana = await scene.person('ana');
  await inRooms(ana, 'attic', 'cellar', 'garden');
  const row = (name: string) => ana.joined.getByRole('link', { name });
  await row('garden').hover();
  await ana.page.mouse.down();
  const goal = await row('attic').boundingBox();
  if (!goal) throw new Error('the room is not shown');
  await ana.page.mouse.move(goal.x + 40, goal.y + 20, { steps: 4 });
  await ana.page.mouse.move(goal.x + 40, goal.y + 3);
  await ana.page.getByTestId('drop-line').waitFor();
  await ana.page.mouse.up();
  await expect.poll(() => titles(ana, 'joined')).toEqual(['garden', 'attic', 'cellar']);
  // The press that ended it was meant for nothing else.
  await ana.isIn('garden');
});

/** A finger goes across the page. */
async function swipe(person: Person, from: number, to: number): Promise<void> {
  const cdp = await person.context.newCDPSession(person.page);
  const at = (x: number) => ({ touchPoints: [{ x, y: 300 }] });
  await cdp.send('Input.dispatchTouchEvent', { type: 'touchStart', ...at(from) });
  for (const part of [0.3, 0.6, 1]) {
    await cdp.send('Input.dispatchTouchEvent', { type: 'touchMove', ...at(from + (to - from) * part) });
  }
  await cdp.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}

test('on a narrow page a finger goes from pane to pane, and Back closes them', async () => {
  const ana = await scene.person('ana', { width: 320, height: 640 });
  const pane = (): Promise<string | null> => ana.page.locator('[data-pane]').getAttribute('data-pane');
  await inRooms(ana, 'attic');
  await swipe(ana, 260, 60);
  await expect.poll(pane).toBe('people');
  await swipe(ana, 60, 260);
  await expect.poll(pane).toBe('talk');
  await ana.page.getByRole('button', { name: /^People: / }).click();
  await expect.poll(pane).toBe('people');
  await ana.page.goBack();
  await expect.poll(pane).toBe('talk');
  await swipe(ana, 60, 260);
  await expect.poll(pane).toBe('rooms');
  await swipe(ana, 260, 60);
  await expect.poll(pane).toBe('talk');
  // What was closed otherwise leaves nothing behind that Back would go to, however often it was opened.
  for (let time = 0; time < 2; time++) {
    await ana.page.getByRole('button', { name: /^People: / }).click();
    await ana.page.getByRole('button', { name: 'Back to the conversation' }).click();
    await expect.poll(pane).toBe('talk');
  }
  await ana.page.goBack();
  await expect.poll(pane).toBe('rooms');
});

test('on a tablet held upright the rooms stand beside the conversation, and the people when they are opened', async () => {
  const ana = await scene.person('ana', { width: 768, height: 1024 });
  await inRooms(ana, 'attic', 'cellar');
  const { page } = ana;
  const people = page.locator('[data-part=people]');
  await expect.poll(() => people.isVisible()).toBe(false);
  await ana.look('attic');
  await page.getByRole('button', { name: /^People: / }).click();
  await people.getByRole('heading', { name: 'People here' }).waitFor();
  await ana.look('cellar');
  await expect.poll(() => people.isVisible()).toBe(true);
  expect(await unfit(page)).toEqual([]);
});
