import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { code } from '../harness/authenticator.ts';
import { amiss, overhang } from '../harness/look.ts';
import { password, Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana']);
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

test('log-ins are listed, and one that is ended is out at once', async () => {
  const here = await scene.person('ana');
  const there = await scene.person('ana');
  await here.visit('/settings/sessions');
  const rows = here.page.getByTestId('login');
  await rows.filter({ hasText: 'this browser' }).getByText('Chrome on Linux').waitFor();
  await rows.nth(1).waitFor();
  await here.page.getByRole('button', { name: 'End Chrome on Linux' }).first().click();
  await there.page.getByRole('heading', { name: 'Log in' }).waitFor();
  await expect.poll(() => rows.count()).toBe(1);
});

test('a token is made, shown once, used and revoked', async () => {
  const ana = await scene.person('ana', { width: 320, height: 700 });
  await ana.visit('/settings/tokens');
  await ana.submit({ Name: 'a bot' }, 'Make the token');
  const token = await ana.page.getByTestId('once').innerText();
  expect(token).toMatch(/^et_/);
  const me = async (): Promise<number> =>
    (await fetch(`${scene.server.url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } })).status;
  expect(await me()).toBe(200);
  expect(await overhang(ana)).toBe(0);
  await ana.page.getByRole('button', { name: 'Done' }).click();
  await ana.page.getByRole('button', { name: 'Revoke a bot' }).click();
  await ana.page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
  await ana.page.getByText('You have no tokens.').waitFor();
  expect(await me()).toBe(401);
});

test('an authenticator is set up, asked for at the log-in, and removed', async () => {
  const ana = await scene.person('ana', { scheme: 'dark' });
  await ana.visit('/settings/security');
  await ana.page.getByRole('button', { name: 'Set up an authenticator' }).click();
  const proof = ana.page.getByRole('dialog');
  await proof.getByLabel('Password', { exact: true }).fill('wrong');
  await proof.getByRole('button', { name: 'Go on' }).click();
  await proof.getByRole('alert').waitFor();
  await proof.getByLabel('Password', { exact: true }).fill(password);
  await proof.getByRole('button', { name: 'Go on' }).click();
  const picture = ana.page.getByRole('img', { name: 'The key as a QR code' });
  await expect
    .poll(() => picture.evaluate((img) => (img as HTMLImageElement).naturalWidth))
    .toBeGreaterThan(0);
  const key = await ana.page.getByTestId('key').innerText();
  expect(await amiss(ana)).toEqual([]);
  await ana.submit({ Code: '12' }, 'Confirm');
  await ana.page.getByRole('alert').waitFor();
  await ana.submit({ Code: code(key) }, 'Confirm');
  const codes = (await ana.page.getByTestId('once').innerText()).split('\n');
  expect(codes).toHaveLength(10);
  await ana.page.getByRole('button', { name: 'Done' }).click();
  await ana.page.getByText('You have 10 recovery codes left.').waitFor();

  const anew = await scene.window('ana');
  await anew.visit('/login');
  await anew.submit({ Username: 'ana', Password: password }, 'Log in');
  await anew.submit({ Code: '000000' }, 'Log in');
  await anew.page.getByRole('alert').waitFor();
  await anew.submit({ Code: codes[0] ?? '' }, 'Log in');
  await anew.connected();

  await ana.page.getByRole('button', { name: 'Remove the authenticator' }).click();
  const dialog = ana.page.getByRole('dialog');
  await dialog.getByLabel('Password', { exact: true }).fill(password);
  await dialog.getByRole('button', { name: 'Remove the authenticator' }).click();
  await ana.page.getByRole('button', { name: 'Set up an authenticator' }).waitFor();
  await scene.person('ana');
});
