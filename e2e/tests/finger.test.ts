import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { unfit } from '../harness/fit.ts';
import { isFocused } from '../harness/focus.ts';
import { amiss } from '../harness/look.ts';
import type { Person } from '../harness/person.ts';
import { lasting, Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben'], lasting);
  await (await scene.api('ana')).createRoom({ name: 'kitchen' });
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

interface Point {
  x: number;
  y: number;
}

async function middle(person: Person, text: string): Promise<Point> {
  const box = await person.message(text).boundingBox();
  if (!box) throw new Error(`${text} is not shown`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** A finger comes down, goes where it is told, and is lifted when that is done. */
async function finger(
  person: Person,
  from: Point,
  way: Point[],
  meanwhile?: () => Promise<void>,
): Promise<void> {
  const cdp = await person.context.newCDPSession(person.page);
  const touch = async (
    type: 'touchStart' | 'touchMove' | 'touchEnd',
    touchPoints: Point[],
  ): Promise<void> => {
    await cdp.send('Input.dispatchTouchEvent', { type, touchPoints });
  };
  await touch('touchStart', [from]);
  for (const point of way) await touch('touchMove', [point]);
  await meanwhile?.();
  await touch('touchEnd', []);
  await cdp.detach();
}

test('a finger has what can be done with a message in a sheet', async () => {
  const ben = await scene.person('ben');
  await ben.enter('kitchen');
  const ana = await scene.person('ana', { width: 320, height: 640, finger: true });
  await ana.enter('kitchen');
  await ben.say('Bread?');
  await ana.hears('Bread?');
  await ana.say('Mine');
  // What a message is answered with is loaded after the first painting.
  await ana.page.waitForLoadState('networkidle');
  const sheet = ana.page.getByRole('dialog', { name: 'Message', exact: true });
  const gone = (): Promise<void> => sheet.waitFor({ state: 'detached' });
  const button = (name: string) => sheet.getByRole('button', { name, exact: true });

  // A tap opens it; it is as large as fingers are, and can be read.
  await ana.message('Bread?').tap();
  await button('Reply').waitFor();
  expect(await amiss(ana)).toEqual([]);
  expect(await unfit(ana.page)).toEqual([]);
  for (const one of await sheet.getByRole('button').all())
    expect((await one.boundingBox())?.height).toBeGreaterThanOrEqual(44);
  await button('React with 👍').tap();
  await gone();
  await ben.page.getByRole('button', { name: '👍 1: \u2068ana\u2069' }).waitFor();

  // So does a finger that rests, and nothing is pressed when it is lifted.
  const at = await middle(ana, 'Mine');
  await finger(ana, at, [], () => button('Edit').waitFor());
  await button('Edit').waitFor();
  expect(await ana.page.evaluate(() => getSelection()?.toString())).toBe('');

  // A tap beside it, Escape, Back and a finger that draws it down put it away.
  await ana.page.touchscreen.tap(160, 20);
  await gone();
  await ana.message('Mine').tap();
  await button('Edit').waitFor();
  await ana.page.keyboard.press('Escape');
  await gone();
  await expect.poll(() => isFocused(ana.message('Mine'))).toBe(true);
  await ana.message('Mine').tap();
  await button('Edit').waitFor();
  await ana.page.evaluate(() => {
    history.back();
  });
  await gone();
  await ana.isIn('kitchen');
  await ana.message('Mine').tap();
  const top = (await button('Edit').boundingBox()) ?? at;
  const down = [40, 90, 140].map((by) => ({ x: 160, y: top.y + by }));
  await finger(ana, { x: 160, y: top.y }, down);
  await gone();

  // A finger that scrolls asks for nothing.
  await finger(
    ana,
    at,
    [30, 60, 90].map((by) => ({ x: at.x, y: at.y - by })),
  );
  expect(await sheet.count()).toBe(0);

  await ana.message('Mine').tap();
  await button('Take back').tap();
  await button('Keep it').waitFor();
  await button('Take back').tap();
  await ana.page.getByTestId('taken-back').waitFor();
  await ana.message('Bread?').tap();
  await button('Reply').tap();
  await ana.page.getByTestId('aim').getByText('Bread?').waitFor();
  await expect.poll(() => isFocused(ana.composer)).toBe(true);
});

test('a finger chooses among all emoji without keys on the screen', async () => {
  const ana = await scene.person('ana', { width: 320, height: 640, finger: true });
  await ana.enter('kitchen');
  await ana.say('Bread?');
  await ana.page.waitForLoadState('networkidle');
  const picker = ana.page.getByTestId('emoji-picker');
  const field = picker.getByRole('combobox');

  // The field has the focus only when it is tapped: it would bring the keys.
  await ana.message('Bread?').tap();
  await ana.page
    .getByRole('dialog', { name: 'Message', exact: true })
    .getByRole('button', { name: 'React', exact: true })
    .tap();
  await expect.poll(() => isFocused(picker)).toBe(true);
  await picker.getByRole('button', { name: 'Food', exact: true }).tap();
  await picker.getByRole('gridcell', { name: 'melon', exact: true }).waitFor();
  await expect.poll(() => isFocused(picker)).toBe(true);
  expect(await amiss(ana)).toEqual([]);
  expect(await unfit(ana.page)).toEqual([]);
  await field.tap();
  await expect.poll(() => isFocused(field)).toBe(true);
  await ana.page.keyboard.type('melon');
  await picker.getByRole('gridcell', { name: 'melon', exact: true }).tap();
  await ana.page.getByRole('button', { name: /^🍈 1/ }).waitFor();
});
