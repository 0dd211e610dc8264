import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { code } from '../harness/authenticator.ts';
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

/** Sets up an authenticator on the page that is shown. */
async function enrol(person: Person): Promise<void> {
  await person.page.getByRole('button', { name: 'Set up an authenticator' }).click();
  const proof = person.page.getByRole('dialog');
  await proof.getByLabel('Password', { exact: true }).fill(password);
  await proof.getByRole('button', { name: 'Go on' }).click();
  const key = await person.page.getByTestId('key').innerText();
  await person.submit({ Code: code(key) }, 'Confirm');
  await person.page.getByTestId('once').waitFor();
  await person.page.getByRole('button', { name: 'Done' }).click();
}

test('a second factor that is required is set up before anything else', async () => {
  const ben = await scene.person('ben', { width: 320, height: 700, scheme: 'dark' });
  const ana = await scene.person('ana');
  await ana.visit('/admin/server');
  const everybody = ana.page.getByRole('radio', { name: 'everybody' });
  await ana.page.getByText('everybody', { exact: true }).click();
  await ana.page.getByRole('alert').getByText('Set one up first').waitFor();
  await expect.poll(() => everybody.isChecked()).toBe(false);
  await ana.visit('/settings/security');
  await enrol(ana);
  await ana.visit('/admin/server');
  await ana.page.getByText('everybody', { exact: true }).click();
  await ana.page.getByText('Saved.').waitFor();
  expect(await amiss(ana)).toEqual([]);

  // Ben is out at once, and in again only as far as that.
  await ben.page.getByRole('heading', { name: 'Log in' }).waitFor();
  await ben.submit({ Username: 'ben', Password: password }, 'Log in');
  await ben.page.getByRole('heading', { name: 'Set up a second factor' }).waitFor();
  await ben.page.getByRole('button', { name: 'Set up an authenticator' }).waitFor();
  expect(await amiss(ben)).toEqual([]);
  expect(await overhang(ben)).toBe(0);
  await ben.visit('/settings/profile');
  await ben.page.getByRole('heading', { name: 'Set up a second factor' }).waitFor();
  await enrol(ben);
  await ben.page.getByRole('textbox', { name: 'Display name' }).waitFor();
  // The last one stays.
  await ben.visit('/settings/security');
  await ben.page.getByRole('button', { name: 'Remove the authenticator' }).click();
  const dialog = ben.page.getByRole('dialog');
  await dialog.getByLabel('Password', { exact: true }).fill(password);
  await dialog.getByRole('button', { name: 'Remove the authenticator' }).click();
  await dialog.getByRole('alert').waitFor();
});
