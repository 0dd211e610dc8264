import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { amiss, overhang } from '../harness/look.ts';
import type { Person } from '../harness/person.ts';
import { password, Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben']);
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

/** Has somebody make a link, and gives it as a path. */
async function linkOf(person: Person): Promise<string> {
  await person.page.getByRole('button', { name: 'Make a link' }).click();
  const proof = person.page.getByRole('dialog');
  await proof.getByLabel('Password', { exact: true }).fill(password);
  await proof.getByRole('button', { name: 'Make a link' }).click();
  const address = await person.page.getByTestId('device-url').innerText();
  return address.replace(scene.server.url, '');
}

test('a phone is let in by a link, and nobody by a link that is over', async () => {
  const ana = await scene.person('ana');
  await ana.visit('/settings/security');
  const first = await linkOf(ana);
  expect(first).toMatch(/^\/device#token=ed_/);
  const picture = ana.page.getByRole('img', { name: 'The link as a QR code' });
  await expect
    .poll(() => picture.evaluate((img) => (img as HTMLImageElement).naturalWidth))
    .toBeGreaterThan(0);
  expect(await amiss(ana)).toEqual([]);
  // Closing takes the link back.
  const taken = ana.page.waitForResponse((r) => r.request().method() === 'DELETE');
  await ana.page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  await taken;
  const phone = await scene.window('ana', { width: 320, height: 640, scheme: 'dark' });
  await phone.visit(first);
  await phone.page.getByRole('alert').getByText('This link is not good any more').waitFor();

  const second = await linkOf(ana);
  await phone.visit('/privacy');
  await phone.visit(second);
  await phone.page.getByText('Log in as').first().waitFor();
  expect(await phone.kept()).not.toContain('token=');
  expect(await amiss(phone)).toEqual([]);
  expect(await overhang(phone)).toBe(0);
  // It was opened, and nothing has happened.
  await expect.poll(() => ana.page.getByTestId('device-link').getAttribute('data-state')).toBe('open');
  await phone.page.getByRole('button', { name: /^Log in as/ }).click();
  const number = await phone.page.getByTestId('device-number').innerText();
  await expect.poll(() => ana.page.getByTestId('device-number').innerText()).toBe(number);
  await ana.page.getByText('Chrome on Linux').waitFor();
  expect(await amiss(ana)).toEqual([]);
  await ana.page.getByRole('button', { name: 'Let it in' }).click();
  await phone.connected();
  await ana.page.getByText('The other device is logged in.').waitFor();
  await ana.visit('/settings/sessions');
  await ana.page.getByTestId('login').filter({ hasText: 'by link' }).getByText('Chrome on Linux').waitFor();
});

test('who is logged in as somebody else is told so, and stays who they are when refused', async () => {
  const ana = await scene.person('ana', { width: 320, height: 640 });
  await ana.visit('/settings/security');
  const link = await linkOf(ana);
  expect(await overhang(ana)).toBe(0);
  const ben = await scene.person('ben');
  await ben.visit(link);
  await ben.page.getByText('That ends if you go on.').waitFor();
  await ben.page.getByRole('button', { name: /^Log in as/ }).click();
  await ana.page.getByRole('button', { name: 'Refuse' }).click();
  await ben.page.getByRole('alert').waitFor();
  await ben.page.getByRole('link', { name: 'Back' }).click();
  await ben.connected();
  await ben.page
    .getByRole('button', { name: /^Your account/ })
    .getByText('ben')
    .first()
    .waitFor();
});
