import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import type { Person } from '../harness/person.ts';
import { Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben', 'cleo']);
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

/** Makes a room by the page's own dialog. */
async function create(person: Person, name: string, access: string, topic = ''): Promise<void> {
  await person.page.getByRole('button', { name: 'Create a room' }).first().click();
  const dialog = person.page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill(name);
  await dialog.getByLabel('Topic (optional)').fill(topic);
  await dialog.locator(`input[name=access][value=${access}]`).check();
  await dialog.getByRole('button', { name: 'Create room' }).click();
  await person.isIn(name);
}

describe('a room', () => {
  test('is made, and entered by others, without loading the page anew', async () => {
    const ben = await scene.person('ben');
    await create(ben, 'workshop', 'public', 'Tools & <b>timber</b>');
    await ben.page.getByTestId('topic').getByText('Tools & <b>timber</b>').waitFor();
    const ana = await scene.person('ana');
    await ana.enter('workshop');
    await ben.passage('ana entered').waitFor();
    // Its address opens it, too.
    const second = await ana.tab();
    await second.visit('/rooms/workshop');
    await second.isIn('workshop');
  });

  test('is left, and entered again', async () => {
    const ana = await scene.person('ana');
    await create(ana, 'pier', 'public');
    await ana.roomMenu('Leave room');
    await ana.page.waitForURL(/\/$/);
    await ana.enter('pier');
    await ana.isIn('pier');
    await ana.say('back');
    await ana.own('back').waitFor();
  });

  test('with a name that is taken or not allowed is refused with a sentence', async () => {
    const ana = await scene.person('ana');
    await create(ana, 'attic', 'public');
    await ana.page.getByRole('button', { name: 'Create a room' }).first().click();
    const dialog = ana.page.getByRole('dialog');
    for (const name of ['ATTIC', 'two words', '<b>']) {
      await dialog.getByLabel('Name', { exact: true }).fill(name);
      await dialog.getByRole('button', { name: 'Create room' }).click();
      await dialog.getByRole('alert').waitFor();
      expect((await dialog.getByRole('alert').innerText()).length).toBeGreaterThan(10);
    }
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await ana.undisturbed();
  });

  test('tells those inside when its title and topic change', async () => {
    const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
    await create(ana, 'porch', 'public');
    await ben.page.reload();
    await ben.enter('porch');
    await ana.roomMenu('Change room');
    const dialog = ana.page.getByRole('dialog');
    await dialog.getByLabel('Title', { exact: true }).fill('The porch');
    await dialog.getByLabel('Topic (optional)').fill('Evening sun');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await ben.isIn('The porch');
    await ben.page.getByTestId('topic').getByText('Evening sun').waitFor();
    await ben.page.getByTestId('marker').filter({ hasText: 'The room was changed' }).waitFor();
  });

  test('tells those inside when it is deleted, and is gone', async () => {
    const [ana, ben, cleo] = [
      await scene.person('ana'),
      await scene.person('ben'),
      await scene.person('cleo'),
    ];
    await create(ben, 'shed', 'public');
    for (const person of [ana, cleo]) {
      await person.page.reload();
      await person.enter('shed');
    }
    // cleo neither owns the room nor administers the server.
    await cleo.page.getByRole('button', { name: 'Room menu' }).click();
    await cleo.page.getByRole('button', { name: 'Leave room' }).waitFor();
    expect(await cleo.page.getByRole('button', { name: 'Delete room' }).count()).toBe(0);
    await cleo.page.keyboard.press('Escape');

    await ben.roomMenu('Delete room');
    await ben.page.getByRole('dialog').getByRole('button', { name: 'Delete room' }).click();
    for (const person of [ana, cleo]) {
      await person.page.getByTestId('over').waitFor();
      await expect.poll(() => person.composer.count()).toBe(0);
      await person.page.getByTestId('over').getByRole('button', { name: 'Close' }).click();
      await expect.poll(() => person.page.getByText('shed', { exact: true }).count()).toBe(0);
      await person.visit('/rooms/shed');
      await person.page.getByRole('heading', { name: 'There is no such room' }).waitFor();
    }
  });
});

describe('a private room', () => {
  test('is entered by its members only, and left by whom it is taken from', async () => {
    const [ana, ben, cleo] = [
      await scene.person('ana'),
      await scene.person('ben'),
      await scene.person('cleo'),
    ];
    await create(ben, 'study', 'private');
    await cleo.visit('/rooms/study');
    await cleo.page.getByRole('heading', { name: 'There is no such room' }).waitFor();

    await ben.roomMenu('Members');
    const members = ben.page.getByRole('dialog');
    await members.getByLabel('Add a member').fill('cleo');
    await members.getByRole('button', { name: 'Add', exact: true }).click();
    await members.getByTestId('members').getByText('cleo').waitFor();
    await cleo.page.reload();
    await cleo.page.getByRole('button', { name: 'Enter', exact: true }).click();
    await cleo.isIn('study');
    await cleo.say('thanks');
    await ben.hears('thanks');

    await members.getByRole('button', { name: /^Remove .*cleo/ }).click();
    await cleo.page.getByTestId('over').waitFor();
    await members.getByRole('button', { name: 'Close' }).click();
    await ben.say('among ourselves');
    await ben.own('among ourselves').getByText('nobody heard it').waitFor();
    expect(await cleo.said()).toEqual(['thanks']);
    await cleo.page.getByTestId('over').getByRole('button', { name: 'Close' }).click();
    await expect.poll(() => cleo.page.getByText('study', { exact: true }).count()).toBe(0);
    expect(await ana.page.getByTestId('chat').count()).toBe(1);
  });
});

describe('a staff-only room', () => {
  test('is not seen by others, and cannot be entered by them', async () => {
    const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
    await create(ana, 'office', 'staff');
    await create(ana, 'lobby', 'public');
    await ben.page.reload();
    await ben.enter('lobby');
    expect(await ben.page.getByText('office', { exact: true }).count()).toBe(0);
    await ben.visit('/rooms/office');
    await ben.page.getByRole('heading', { name: 'There is no such room' }).waitFor();
    // The choice is not offered to whom it is not for.
    await ben.page.getByRole('button', { name: 'Create a room' }).first().click();
    await ben.page.locator('input[name=access][value=public]').waitFor({ state: 'attached' });
    expect(await ben.page.locator('input[name=access][value=staff]').count()).toBe(0);
  });
});
