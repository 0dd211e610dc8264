import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { amiss } from '../harness/look.ts';
import type { Person } from '../harness/person.ts';
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

/** Goes there by a name: passkeys belong to one, and to no address. */
async function visit(person: Person, path: string): Promise<void> {
  await person.page.goto(scene.server.url.replace('127.0.0.1', 'localhost') + path);
}

test('a passkey lets in by itself and as the second step, and can be taken away', async () => {
  const ana = await scene.window('ana');
  const cdp = await ana.context.newCDPSession(ana.page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await visit(ana, '/login');
  await ana.submit({ Username: 'ana', Password: password }, 'Log in');
  await ana.connected();
  await visit(ana, '/settings/security');
  await ana.submit({ 'Name of the passkey': 'my laptop' }, 'Add a passkey');
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
  await visit(ana, '/login');
  await ana.page.getByRole('button', { name: 'Log in with a passkey' }).click();
  await ana.connected();

  // After the password.
  await ana.context.clearCookies();
  await visit(ana, '/login');
  await ana.submit({ Username: 'ana', Password: password }, 'Log in');
  await ana.page.getByLabel('Code', { exact: true }).waitFor();
  await ana.page.getByRole('button', { name: 'Log in with a passkey' }).click();
  await ana.connected();

  await visit(ana, '/settings/security');
  await ana.page.getByTestId('passkey').getByRole('button', { name: 'Remove' }).click();
  const dialog = ana.page.getByRole('dialog');
  await dialog.getByLabel('Password', { exact: true }).fill(password);
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await ana.page.getByTestId('passkey').waitFor({ state: 'detached' });
  await scene.person('ana');
});
