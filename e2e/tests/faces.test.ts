import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import type { Person } from '../harness/person.ts';
import { Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben', 'mallory']);
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

/** A picture of one colour, as somebody's own page would send it. */
const paint = (person: Person, colour: string): Promise<number> =>
  person.page.evaluate(async (fill) => {
    const canvas = new OffscreenCanvas(64, 64);
    const brush = canvas.getContext('2d');
    if (!brush) throw new Error('no brush');
    brush.fillStyle = fill;
    brush.fillRect(0, 0, 64, 64);
    const body = await canvas.convertToBlob();
    const headers = { 'content-type': body.type };
    return (await fetch('/api/v1/me/avatar', { method: 'PUT', headers, body })).status;
  }, colour);

const call = (person: Person, name: string): Promise<number> =>
  person.page.evaluate(async (display_name) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ display_name });
    return (await fetch('/api/v1/me', { method: 'PATCH', headers, body })).status;
  }, name);

test('others see what one is called and looks like, at once and beside the username', async () => {
  const room = 'faces';
  await (await scene.api('ana')).createRoom({ name: room });
  const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
  const asked: string[] = [];
  ben.page.on('request', (request) => {
    if (/profiles|avatar/.test(request.url())) asked.push(new URL(request.url()).pathname);
  });
  expect([await call(ana, 'Ana María'), await paint(ana, 'teal')]).toEqual([200, 200]);
  await ana.enter(room);
  await ben.enter(room);
  for (const text of ['one', 'two', 'three']) await ana.say(text);
  await ben.hears('three');
  const head = ben.message('one');
  await expect.poll(() => head.locator('.by').innerText()).toMatch(/Ana María\s+@ana/);
  const picture = head.locator('.avatar img.loaded');
  await picture.waitFor();
  const beside = (): Promise<number[]> =>
    picture.evaluate((img) => {
      const [own, around] = [img.getBoundingClientRect(), img.closest('.avatar')?.getBoundingClientRect()];
      return (['left', 'top', 'width', 'height'] as const).map((side) => own[side] - (around?.[side] ?? NaN));
    });
  await expect.poll(beside).toEqual([0, 0, 0, 0]);
  await expect.poll(() => ben.page.getByTestId('occupants').innerText()).toMatch(/Ana María\s+@ana/);
  // Mentions go by the username, and are found by either.
  await ben.composer.pressSequentially('@mar');
  await ben.page.getByRole('option', { name: 'ana Ana María' }).waitFor();
  await ben.composer.press('Enter');
  await expect.poll(() => ben.composer.inputValue()).toBe('@ana ');
  await ben.composer.fill('');
  await ben.page.getByTestId('suggestions').waitFor({ state: 'detached' });

  // What changes is there without another question; nothing moves for it.
  const place = await head.boundingBox();
  expect(await call(ana, 'Anita')).toBe(200);
  await expect.poll(() => head.locator('.by').innerText()).toMatch(/Anita\s+@ana/);
  expect(await head.boundingBox()).toEqual(place);
  const questions = asked.filter((path) => path.endsWith('/profiles'));
  expect(questions.length).toBeLessThanOrEqual(4);

  // Nobody goes by the name of another, and a long one hides no username.
  const mallory = await scene.person('mallory', { width: 320 });
  await mallory.enter(room);
  for (const name of ['ana', 'Ana', '@ana', 'аna @ana']) expect(await call(mallory, name)).toBe(422);
  expect(await call(mallory, `${'W'.repeat(280)} שלום`)).toBe(200);
  await mallory.say('four');
  const handle = mallory.message('four').getByTestId('handle');
  await handle.waitFor();
  await expect.poll(() => handle.evaluate((one) => one.scrollWidth <= one.clientWidth)).toBe(true);
  await expect.poll(() => mallory.page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
});
