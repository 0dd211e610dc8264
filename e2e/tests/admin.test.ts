import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { amiss, overhang } from '../harness/look.ts';
import type { Person } from '../harness/person.ts';
import { password, Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben', 'clerk', 'warden']);
  const many = Array.from({ length: 70 }, (_, i) => `guest${i.toString().padStart(2, '0')}`);
  await scene.server.run(['user', 'create', '--from', '-'], many.join('\n'));
  await scene.server.run(['user', 'grant', 'clerk', 'view_user']);
  await scene.server.run(['user', 'grant', 'warden', 'view_room']);
  const api = await scene.api('ben');
  await api.createRoom({ name: 'cellar', title: 'The cellar', access: 'private' });
  await api.createRoom({ name: 'kitchen' });
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

async function at(person: Person, section: string): Promise<void> {
  await person.visit(`/admin/${section}`);
  await person.page.getByRole('heading', { level: 2 }).waitFor();
}

const rows = (person: Person) => person.page.locator('tbody tr');
const dialog = (person: Person) => person.page.getByRole('dialog').last();

async function whole(person: Person): Promise<void> {
  expect(await amiss(person)).toEqual([]);
  expect(await overhang(person)).toBeLessThanOrEqual(0);
}

describe('a superuser', () => {
  test('finds, makes and changes users', async () => {
    const ana = await scene.person('ana', { width: 320 });
    await ana.page.getByRole('button', { name: /^Your account/ }).click();
    await ana.page.getByRole('link', { name: 'Administration' }).click();
    await ana.page.getByRole('link', { name: 'Users' }).click();
    await rows(ana).first().waitFor();
    await expect.poll(() => rows(ana).count()).toBe(50);
    await whole(ana);
    await ana.resize({ width: 1280, height: 800 });
    await ana.page.getByRole('button', { name: 'Next' }).click();
    await expect.poll(() => rows(ana).count()).toBe(24);
    await ana.page.getByLabel('Search').fill('GUEST0');
    await expect.poll(() => rows(ana).count()).toBe(10);
    await ana.page.getByLabel('Show').selectOption('Superusers');
    await ana.page.getByText('Nobody fits.').waitFor();
    await ana.page.getByLabel('Show').selectOption('Everybody');

    await ana.page.getByRole('button', { name: 'New user' }).click();
    await ana.submit({ Username: 'dora', Password: '123' }, 'Create');
    await dialog(ana).getByRole('alert').waitFor();
    await ana.submit({ Password: password }, 'Create');
    await ana.page.getByRole('heading', { name: 'dora' }).waitFor();
    await dialog(ana).getByLabel('create any number of rooms').check();
    await dialog(ana).getByLabel('Email address').fill('dora');
    await dialog(ana).getByRole('button', { name: 'Save' }).click();
    await dialog(ana).getByText('That is not a mail address.').waitFor();
    await dialog(ana).getByLabel('Email address').fill('dora@example.org');
    await dialog(ana).getByRole('button', { name: 'Save' }).click();
    await dialog(ana).getByText('Saved.').waitFor();
    await whole(ana);
    await scene.server.run(['token', 'create', 'dora']);
    await ana.page.reload();
    await ana.page.getByLabel('Search').fill('dora');
    await expect.poll(() => rows(ana).count()).toBe(1);
    await ana.page.getByRole('button', { name: 'dora', exact: true }).click();
    await dialog(ana).getByRole('button', { name: 'Revoke' }).click();
    await dialog(ana).getByText('There are none.').waitFor();
    expect(JSON.parse(await scene.server.run(['user', 'show', '--json', 'dora']))).toMatchObject({
      email: 'dora@example.org',
      permissions: ['add_room'],
    });
  });

  test('cuts many off at once, after being asked', async () => {
    const ben = await scene.person('ben');
    const ana = await scene.person('ana', { scheme: 'dark' });
    await at(ana, 'users');
    await rows(ana).first().waitFor();
    for (const name of ['ana', 'ben', 'guest01'])
      await ana.page.getByLabel(`Select ${name}`, { exact: true }).check();
    await ana.page.getByRole('button', { name: 'Deactivate' }).click();
    await dialog(ana).getByText('They are cut off at once').waitFor();
    await whole(ana);
    await dialog(ana).getByRole('button', { name: 'Cancel' }).click();
    await ana.undisturbed();
    await ana.page.getByRole('button', { name: 'Deactivate' }).click();
    await dialog(ana).getByRole('button', { name: 'Deactivate' }).click();
    await ana.page.getByText('Done for 2 users.').waitFor();
    await ana.page.getByText('You cannot deactivate or delete yourself').waitFor();
    await ben.page.getByRole('heading', { name: 'Log in' }).waitFor();
    await ana.page.getByLabel('Show').selectOption('Not active');
    await expect.poll(() => rows(ana).count()).toBe(2);
    await ana.page.getByLabel('Select all of this page').check();
    await ana.page.getByRole('button', { name: 'Activate', exact: true }).click();
    await ana.page.getByText('Nobody fits.').waitFor();
  });

  test('makes a group, and sees rooms, figures and settings', async () => {
    const ana = await scene.person('ana');
    await at(ana, 'groups');
    await ana.page.getByText('There are no groups yet.').waitFor();
    await ana.page.getByRole('button', { name: 'New group' }).click();
    await dialog(ana).getByLabel('Name').fill('Helpers');
    await dialog(ana).getByLabel('create any number of rooms').check();
    await dialog(ana).getByRole('button', { name: 'Create' }).click();
    await ana.page.getByRole('button', { name: 'Helpers' }).click();
    await dialog(ana).getByLabel('Add a member').fill('ben');
    await dialog(ana).getByRole('button', { name: 'Add' }).click();
    await dialog(ana).getByTestId('group-members').getByText('ben').waitFor();
    await whole(ana);
    await dialog(ana).getByLabel('Name').fill('Crew');
    await dialog(ana).getByRole('button', { name: 'Save' }).click();
    await ana.page.getByRole('button', { name: 'Crew' }).waitFor();

    await at(ana, 'users');
    await ana.page.getByRole('button', { name: 'New user' }).click();
    await dialog(ana).getByLabel('Username').fill('emil');
    await dialog(ana).getByLabel('Crew').check();
    await dialog(ana).getByRole('button', { name: 'Create' }).click();
    await ana.page.getByRole('heading', { name: 'emil' }).waitFor();
    await expect.poll(() => dialog(ana).getByLabel('Crew').isChecked()).toBe(true);
    await ana.page.keyboard.press('Escape');
    await ana.undisturbed();
    await ana.page.getByLabel('Show').selectOption('Sign-ups not confirmed');
    await ana.page.getByText('Nobody fits.').waitFor();

    await at(ana, 'rooms');
    await ana.page.getByLabel('Who may enter').selectOption('Members');
    await expect.poll(() => rows(ana).count()).toBe(1);
    await whole(ana);
    await ana.page.getByRole('button', { name: /^Owner of .*cellar/ }).click();
    await dialog(ana).getByLabel('Username of the owner').fill('nobody.at.all');
    await dialog(ana).getByRole('button', { name: 'Save' }).click();
    await dialog(ana).getByText('There is no such user.').waitFor();
    await dialog(ana).getByLabel('Username of the owner').fill('warden');
    await dialog(ana).getByRole('button', { name: 'Save' }).click();
    await rows(ana).getByText('warden').waitFor();
    await ana.page.getByRole('button', { name: 'Delete #cellar' }).click();
    await dialog(ana).getByRole('button', { name: 'Delete' }).click();
    await ana.page.getByText('No room fits.').waitFor();

    await at(ana, 'invitations');
    await ana.page.getByText('No invitation is open.').waitFor();
    await scene.server.run(['invite', '--uses', '3']);
    await ana.page.reload();
    await expect.poll(() => rows(ana).count()).toBe(1);
    await whole(ana);
    await ana.page.getByRole('button', { name: /^Withdraw the invitation of .+ that expires on \d/ }).click();
    await dialog(ana).getByRole('button', { name: 'Withdraw' }).click();
    await ana.page.getByText('No invitation is open.').waitFor();

    await at(ana, 'figures');
    await ana.page.getByTestId('figures').getByRole('img').first().waitFor();
    await whole(ana);
    await at(ana, 'server');
    await ana.page.getByLabel('Search').fill('limits.rooms');
    await expect.poll(() => rows(ana).count()).toBe(2);
    await whole(ana);
  });
});

describe('whoever keeps order', () => {
  test('bans users and addresses, finds the bans, lifts them, and reads who did what', async () => {
    const ben = await scene.person('ben');
    const ana = await scene.person('ana');
    await at(ana, 'bans');
    await ana.page.getByText('Nobody is banned.').waitFor();
    await ana.page.getByRole('button', { name: 'New ban' }).click();
    await dialog(ana).getByLabel('Username').fill('nobody.at.all');
    await dialog(ana).getByRole('button', { name: 'Ban', exact: true }).click();
    await dialog(ana).getByRole('alert').waitFor();
    await whole(ana);
    await dialog(ana).getByLabel('Username').fill('ben');
    await dialog(ana).getByLabel('Reason').fill('too loud');
    await dialog(ana).getByRole('button', { name: 'Ban', exact: true }).click();
    await ana.page.getByText('too loud').waitFor();
    await expect.poll(() => ben.page.getByTestId('composer').count()).toBe(0);

    await ana.page.getByRole('button', { name: 'New ban' }).click();
    await dialog(ana).getByLabel('Addresses, off this server').check();
    await dialog(ana).getByLabel('Address or range').fill('198.51.100.77/24');
    await dialog(ana).getByLabel('For how long').selectOption('For good');
    await dialog(ana).getByRole('button', { name: 'Ban', exact: true }).click();
    await ana.page.getByText('198.51.100.0/24').waitFor();
    await ana.page.getByLabel('Search').fill('198.51.100.3');
    await expect.poll(() => rows(ana).count()).toBe(1);
    await ana.page.getByRole('button', { name: /^Lift the ban/ }).click();
    await dialog(ana).getByRole('button', { name: 'Lift' }).click();
    await ana.page.getByText('No ban fits.').waitFor();

    await ana.page.getByRole('button', { name: 'New ban' }).click();
    await dialog(ana).getByLabel('A user, off one room').check();
    await dialog(ana).getByLabel('Username').fill('guest03');
    await dialog(ana).getByLabel('Name of the room').fill('nowhere');
    await dialog(ana).getByRole('button', { name: 'Ban', exact: true }).click();
    await dialog(ana).getByText('There is no room of that name.').waitFor();
    await dialog(ana).getByLabel('Name of the room').fill('#Kitchen');
    await dialog(ana).getByRole('button', { name: 'Ban', exact: true }).click();
    await rows(ana).getByText('#kitchen').waitFor();
    await ana.page.getByLabel('Show').selectOption('Users');
    await rows(ana).getByText('too loud').waitFor();
    await ana.page.getByRole('button', { name: /^Lift the ban/ }).click();
    await dialog(ana).getByRole('button', { name: 'Lift' }).click();
    await ana.page.getByText('Nobody is banned.').waitFor();
    await whole(ana);

    await at(ana, 'log');
    await rows(ana).first().waitFor();
    await ana.page.getByLabel('About').fill('kitchen');
    await expect.poll(() => rows(ana).count()).toBe(2);
    await ana.page.getByLabel('What').selectOption('Banned from a room');
    await expect.poll(() => rows(ana).count()).toBe(1);
    await whole(ana);
    await rows(ana).getByRole('button', { name: 'guest03' }).click();
    await expect.poll(() => ana.page.getByLabel('About').inputValue()).toBe('guest03');
    await ana.page.getByLabel('To', { exact: true }).fill('2020-01-01');
    await ana.page.getByText('Nothing of that kind was done.').waitFor();
  });
});

describe('somebody else', () => {
  test('sees what they may look after, and nothing more', async () => {
    const clerk = await scene.person('clerk', { width: 320, scheme: 'dark' });
    await at(clerk, 'users');
    await rows(clerk).first().waitFor();
    expect(await clerk.page.getByRole('checkbox').count()).toBe(0);
    expect(await clerk.page.getByRole('button', { name: 'New user' }).count()).toBe(0);
    expect(await clerk.page.getByRole('link', { name: 'Rooms', exact: true }).count()).toBe(0);
    await clerk.page.getByRole('button', { name: 'ana', exact: true }).click();
    await clerk.page.getByText('you can only look').waitFor();
    await whole(clerk);

    const warden = await scene.person('warden');
    await at(warden, 'rooms');
    await rows(warden).first().waitFor();
    expect(await warden.page.getByRole('button', { name: /^(Change|Delete|Owner of) / }).count()).toBe(0);

    const guest = await scene.person('ben');
    await guest.page.getByRole('button', { name: /^Your account/ }).click();
    await guest.page.getByRole('link', { name: 'Settings' }).waitFor();
    expect(await guest.page.getByRole('link', { name: 'Administration' }).count()).toBe(0);
    await guest.visit('/admin/users');
    await guest.page.getByText('There is nothing here that you may look after.').waitFor();
  });
});
