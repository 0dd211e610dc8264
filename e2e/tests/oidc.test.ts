import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { code } from '../harness/authenticator.ts';
import { amiss, overhang } from '../harness/look.ts';
import type { Person } from '../harness/person.ts';
import { Provider } from '../harness/provider.ts';
import { password, Scene } from '../harness/scene.ts';

let provider: Provider;
let scene: Scene;

const zoe = {
  sub: 'subject-1',
  preferred_username: 'zoë',
  name: 'Zoë',
  email: 'zoe@example.org',
  email_verified: true,
  groups: ['crew'],
};

beforeAll(async () => {
  provider = await Provider.open(zoe);
  scene = await Scene.set(['ana'], provider.settings);
  const ana = await scene.api('ana');
  await ana.createRoom({ name: 'den', title: 'The den' });
});
afterEach(async () => {
  provider.person = zoe;
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
  await provider.close();
});

/** What the provider's page has a button for. */
async function answer(person: Person, button: RegExp | string): Promise<void> {
  await person.page.getByRole('heading', { name: 'Example ID' }).waitFor();
  await person.page.getByRole('button', { name: button }).click();
}

const enter = (person: Person): Promise<void> =>
  person.page.getByRole('button', { name: /^Log in with .Example ID/ }).click();

test('a newcomer comes by a provider, to the room that was asked for', async () => {
  // With its service worker, through which the way back goes, too.
  const newcomer = await scene.window('zoë', { worker: true });
  await newcomer.visit('/rooms/den');
  await enter(newcomer);
  await answer(newcomer, 'Not now');
  await newcomer.page.getByRole('alert').getByText('Nothing was done').waitFor();
  await expect.poll(() => new URL(newcomer.page.url()).hash).toBe('');
  expect(await amiss(newcomer)).toEqual([]);
  await enter(newcomer);
  await answer(newcomer, 'Go on as Zoë');
  await newcomer.connected();
  await expect.poll(() => new URL(newcomer.page.url()).pathname).toBe('/rooms/den');
  expect(await newcomer.kept()).not.toMatch(/code=|state=|oidc/);
  expect(await scene.server.run(['user', 'show', 'zoë'])).toMatch(
    /staff[^]*subject|staff[^]*zoe@example.org/,
  );

  // Nothing is left of it but the log-in; the way back does not work twice.
  await newcomer.accountMenu('Log out');
  await newcomer.page.getByText('Log out Zoë?').waitFor();
  await newcomer.page.getByRole('button', { name: 'Log out here, too' }).click();
  await newcomer.page.getByText('You are logged out here').waitFor();
  await expect.poll(() => new URL(newcomer.page.url())).toMatchObject({ pathname: '/login', hash: '' });
  expect(await amiss(newcomer)).toEqual([]);
  await enter(newcomer);
  const back = newcomer.page.waitForRequest((request) => request.url().includes('/oidc/sso/callback'));
  await answer(newcomer, 'Go on as Zoë');
  await newcomer.connected();
  await newcomer.page.goto((await back).url());
  await newcomer.connected();
  expect(await newcomer.page.getByRole('alert').count()).toBe(0);

  // Who has no password may set a first one, as long as the log-in has just begun; whatever else is logged in ends.
  const elsewhere = await scene.window('zoë');
  await elsewhere.visit('/login');
  await enter(elsewhere);
  await answer(elsewhere, 'Go on as Zoë');
  await elsewhere.connected();
  await newcomer.visit('/settings/password');
  const fresh = newcomer.page.getByLabel('New password');
  await fresh.fill('1234');
  expect(await newcomer.page.getByLabel('Current password').count()).toBe(0);
  await newcomer.page.getByRole('button', { name: 'Set a password' }).click();
  await newcomer.page.getByText('too short').waitFor();
  expect(await amiss(newcomer)).toEqual([]);
  await fresh.fill(password);
  await newcomer.page.getByRole('button', { name: 'Set a password' }).click();
  await newcomer.page.getByText('The password was set.').waitFor();
  await newcomer.page.getByRole('button', { name: 'Change the password' }).waitFor();
  await elsewhere.page.getByRole('heading', { name: 'Log in' }).waitFor();
  await elsewhere.logIn();

  // Who has none may go, too, likewise.
  await scene.server.run(['user', 'passwd', '--none', 'zoë']);
  await newcomer.page.getByRole('heading', { name: 'Log in' }).waitFor();
  await enter(newcomer);
  await answer(newcomer, 'Go on as Zoë');
  await newcomer.page.getByRole('button', { name: 'Set a password' }).waitFor();
  await newcomer.visit('/settings/profile');
  await newcomer.page.getByRole('button', { name: 'Delete the account' }).click();
  const dialog = newcomer.page.getByRole('dialog');
  await dialog.waitFor();
  expect(await amiss(newcomer)).toEqual([]);
  await dialog.getByRole('button', { name: 'Delete the account' }).click();
  await newcomer.page.getByRole('heading', { name: 'Log in' }).waitFor();
  await expect(scene.server.run(['user', 'show', 'zoë'])).rejects.toThrow();
});

test('somebody with an account links it, comes by it, and unlinks it', async () => {
  provider.person = { ...zoe, sub: 'subject-2', name: 'Ana', email: 'ana@example.org', groups: ['crew'] };
  const ana = await scene.person('ana', { width: 320, height: 640, scheme: 'dark' });
  await ana.visit('/settings/security');
  await ana.page.getByRole('button', { name: /^Link .Example ID/ }).click();
  const dialog = ana.page.getByRole('dialog');
  await dialog.getByLabel('Password', { exact: true }).fill(password);
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await answer(ana, 'Go on as Ana');
  await ana.page.getByText('The account is linked.').waitFor();
  await ana.page.getByTestId('linked').getByText('ana@example.org').waitFor();
  expect(await amiss(ana)).toEqual([]);
  expect(await overhang(ana)).toBe(0);

  const again = await scene.window('ana');
  await again.visit('/login');
  await enter(again);
  await answer(again, 'Go on as Ana');
  await again.connected();
  expect(await again.page.evaluate(async () => await (await fetch('/api/v1/me')).text())).toContain(
    '"username":"ana"',
  );

  await ana.page.getByRole('button', { name: /^Unlink .Example ID/ }).click();
  await dialog.getByLabel('Password', { exact: true }).fill(password);
  await dialog.getByRole('button', { name: /^Unlink .Example ID/ }).click();
  await ana.page.getByTestId('linked').waitFor({ state: 'detached' });
});

test('who has no password shows by a code who they are', async () => {
  provider.person = {
    ...zoe,
    sub: 'subject-3',
    preferred_username: 'mia',
    name: 'Mia',
    email: 'mia@example.org',
  };
  const mia = await scene.window('mia', { width: 320, height: 640 });
  await mia.visit('/settings/security');
  await enter(mia);
  await answer(mia, 'Go on as Mia');
  await mia.page.getByRole('button', { name: 'Set up an authenticator' }).click();
  const dialog = mia.page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Go on' }).click();
  const key = await mia.page.getByTestId('key').innerText();
  await mia.submit({ Code: code(key) }, 'Confirm');
  const once = mia.page.getByTestId('once');
  const codes = await once.innerText();
  await mia.page.getByRole('button', { name: 'Done' }).click();

  await mia.page.getByRole('button', { name: 'Make new codes' }).click();
  const input = dialog.getByLabel('Code from your authenticator');
  await input.waitFor();
  expect(await dialog.getByLabel('Password').count()).toBe(0);
  expect(await amiss(mia)).toEqual([]);
  expect(await overhang(mia)).toBe(0);
  await input.fill('12');
  await dialog.getByRole('button', { name: 'Make new codes' }).click();
  await dialog.getByRole('alert').waitFor();
  // The one that is shown now was used up above, in this step of time or the one before.
  await input.fill(code(key, 1));
  await dialog.getByRole('button', { name: 'Make new codes' }).click();
  await expect.poll(() => once.innerText()).not.toBe(codes);
  await mia.undisturbed();
  await mia.page.getByRole('button', { name: 'Done' }).click();
  await mia.page.getByText('You have 10 recovery codes left.').waitFor();
});
