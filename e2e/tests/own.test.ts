import { afterAll, afterEach, expect, test } from 'vitest';

import { password, Scene } from '../harness/scene.ts';

let scene: Scene | undefined;

afterEach(async () => {
  await scene?.clear();
});
afterAll(async () => {
  await scene?.end();
});

test('a changed password ends the other browsers, and a profile is kept', async () => {
  scene = await Scene.set(['ana']);
  const [here, there] = [await scene.window('ana'), await scene.window('ana')];
  for (const one of [here, there]) await one.logIn();
  await here.visit('/settings/password');
  await here.submit(
    { 'Current password': 'wrong', 'New password': 'battery staple horse' },
    'Change the password',
  );
  await here.page.getByRole('alert').waitFor();
  await here.submit(
    { 'Current password': password, 'New password': 'battery staple horse' },
    'Change the password',
  );
  await here.page.getByText('The password was changed.').waitFor();
  await there.page.getByRole('heading', { name: 'Log in' }).waitFor();

  await here.visit('/settings/profile');
  await here.submit({ 'Display name': 'Ana María' }, 'Save');
  await here.page.getByText('Saved.').waitFor();
  await here.page.reload();
  await expect
    .poll(() => here.page.getByRole('textbox', { name: 'Display name' }).inputValue())
    .toBe('Ana María');

  // The token of a link is in no address once the page has read it; one that is not good is told.
  await there.visit('/reset#token=el_nonsense');
  await there.page.getByRole('heading', { name: 'Set a new password' }).waitFor();
  await expect.poll(() => there.page.url()).not.toContain('token');
  await there.submit({ 'New password': 'battery staple horse' }, 'Set a new password');
  await there.page.getByRole('alert').waitFor();
});
