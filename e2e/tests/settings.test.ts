import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { amiss, overhang } from '../harness/look.ts';
import type { Person } from '../harness/person.ts';
import { Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben']);
  await (await scene.api('ana')).createRoom({ name: 'kitchen' });
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

/** What the root of the page says of how it is shown. */
async function root(person: Person): Promise<Record<string, string>> {
  return await person.page.evaluate(() => {
    const { lang, dir, dataset } = document.documentElement;
    return {
      lang,
      dir,
      ...Object.fromEntries(Object.entries(dataset).map(([key, value]) => [key, value ?? ''])),
    };
  });
}

async function choose(person: Person, group: string, way: string): Promise<void> {
  await person.page.getByRole('group', { name: group, exact: true }).getByText(way, { exact: true }).click();
}

describe('the language', () => {
  test('is chosen, turns the page around at once, and is there before anything is painted', async () => {
    const ana = await scene.person('ana');
    await ana.enter('kitchen');
    await ana.visit('/settings/appearance');
    await choose(ana, 'Language', 'العربية');
    await ana.page.getByRole('heading', { level: 1, name: 'الإعدادات' }).waitFor();
    await expect.poll(() => root(ana)).toEqual({ lang: 'ar', dir: 'rtl' });
    expect(await amiss(ana)).toEqual([]);
    expect(await overhang(ana)).toBeLessThanOrEqual(0);
    // Of a page loaded anew, before its scripts are there.
    await ana.page.route('**/assets/*.js', (route) => route.abort());
    await ana.page.reload();
    expect(await root(ana)).toEqual({ lang: 'ar', dir: 'rtl' });
    await ana.page.unroute('**/assets/*.js');
    await ana.visit('/rooms/kitchen');
    await ana.page.getByTestId('marker').first().waitFor();
    const [rooms, talk] = await Promise.all(
      ['rooms', 'talk'].map((part) => ana.page.locator(`[data-part=${part}]`).boundingBox()),
    );
    expect(rooms && talk && rooms.x > talk.x).toBe(true);
    expect(await amiss(ana)).toEqual([]);
    expect(await overhang(ana)).toBeLessThanOrEqual(0);
  });

  test('is the browser’s where none was chosen', async () => {
    const ben = await scene.window('ben', { locale: 'ar-EG' });
    await ben.visit('/login');
    await ben.page.getByRole('heading', { name: 'تسجيل الدخول' }).waitFor();
    await expect.poll(() => root(ben)).toEqual({ lang: 'ar', dir: 'rtl' });
    await ben.submit({ 'اسم المستخدم': 'ben', 'كلمة المرور': 'wrong' }, 'تسجيل الدخول');
    await ben.page.getByRole('alert').getByText('الاسم أو كلمة المرور غير صحيحة').waitFor();
    expect(await amiss(ben)).toEqual([]);
  });
});

test('the look, the size of the text and motion are kept, in all tabs, until they are forgotten', async () => {
  const ana = await scene.person('ana');
  await ana.enter('kitchen');
  const other = await ana.tab();
  await other.visit('/settings/appearance');
  await ana.visit('/settings/appearance');
  await choose(ana, 'Theme', 'High contrast');
  await choose(ana, 'Size of the text', 'Very large');
  await choose(ana, 'Motion', 'Less');
  const chosen = { lang: 'en', dir: 'ltr', theme: 'contrast', text: 'huge', motion: 'less' };
  await expect.poll(() => root(ana)).toEqual(chosen);
  await expect.poll(() => root(other)).toEqual(chosen);
  expect(await amiss(ana)).toEqual([]);
  expect(await overhang(ana)).toBeLessThanOrEqual(0);
  await ana.page.reload();
  expect(await root(ana)).toEqual(chosen);
  await ana.page.getByRole('link', { name: 'Privacy' }).click();
  const kept = ana.page.getByTestId('kept-here');
  await kept.getByText('The number of one room that you were in').waitFor();
  await kept.getByText('3 choices of these settings').waitFor();
  await ana.page.getByRole('button', { name: 'Forget it' }).click();
  await ana.page.getByText('Forgotten.').waitFor();
  await expect.poll(() => root(ana)).toEqual({ lang: 'en', dir: 'ltr' });
  await expect.poll(() => ana.page.evaluate(() => Object.keys(localStorage))).toEqual([]);
});

test('who does not want it is not seen typing', async () => {
  const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
  await ben.enter('kitchen');
  await ana.visit('/settings/privacy');
  const told = ana.page.getByRole('switch', { name: 'Others see that I am typing' });
  await told.click();
  await expect.poll(() => told.getAttribute('aria-checked')).toBe('false');
  await ana.page.getByRole('link', { name: 'Back to the rooms' }).click();
  await ana.enter('kitchen');
  const sent: string[] = [];
  for (const socket of ana.watch.open)
    socket.on('framesent', ({ payload }) => {
      sent.push(payload.toString());
    });
  await ana.composer.pressSequentially('not seen');
  await ana.composer.press('Enter');
  await ben.hears('not seen');
  await expect.poll(() => sent.filter((frame) => frame.includes('"post"'))).toHaveLength(1);
  expect(sent.filter((frame) => frame.includes('"typing"'))).toEqual([]);
});

test('on a narrow page one goes from the list of sections to each, and back', async () => {
  const ana = await scene.person('ana', { width: 320, height: 640 });
  await ana.visit('/settings');
  await ana.page.getByRole('link', { name: 'Appearance' }).waitFor();
  expect(await amiss(ana)).toEqual([]);
  await ana.page.getByRole('link', { name: 'Appearance' }).click();
  await ana.page.getByRole('heading', { level: 2, name: 'Appearance' }).waitFor();
  expect(await amiss(ana)).toEqual([]);
  expect(await overhang(ana)).toBeLessThanOrEqual(0);
  await ana.page.getByRole('link', { name: 'All settings' }).click();
  await ana.page.getByRole('link', { name: 'Privacy' }).waitFor();
});
