import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { amiss } from '../harness/look.ts';
import { makePasskey, visitByName } from '../harness/passkeys.ts';
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

test('a passkey lets in by itself and as the second step, and can be taken away', async () => {
  const ana = await makePasskey(scene, 'ana', 'my laptop');
  expect((await ana.page.getByTestId('once').innerText()).split('\n')).toHaveLength(10);
  await ana.page.getByRole('button', { name: 'Done' }).click();
  await ana.page.getByTestId('passkey').getByText('my laptop').waitFor();
  expect(await amiss(ana)).toEqual([]);
  await ana.page.getByRole('button', { name: 'Rename' }).click();
  await ana.page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('my old laptop');
  await ana.page.getByRole('dialog').getByRole('button', { name: 'Rename', exact: true }).click();
  await ana.page.getByTestId('passkey').getByText('my old laptop').waitFor();

  // Without a name or a password.
  await ana.context.clearCookies();
  await visitByName(scene, ana, '/login');
  await ana.page.getByRole('button', { name: 'Log in with a passkey' }).click();
  await ana.connected();

  // After the password.
  await ana.context.clearCookies();
  await visitByName(scene, ana, '/login');
  await ana.submit({ Username: 'ana', Password: password }, 'Log in');
  await ana.page.getByLabel('Code', { exact: true }).waitFor();
  await ana.page.getByRole('button', { name: 'Log in with a passkey' }).click();
  await ana.connected();

  await visitByName(scene, ana, '/settings/security');
  await ana.page.getByTestId('passkey').getByRole('button', { name: 'Remove' }).click();
  // Shown by the passkey itself, in the place of the password.
  await ana.page.getByRole('dialog').getByRole('button', { name: 'Use a passkey' }).click();
  await ana.page.getByTestId('passkey').waitFor({ state: 'detached' });
  await scene.person('ana');
});
