import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { isFocused } from '../harness/focus.ts';
import type { Person } from '../harness/person.ts';
import { Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben']);
  await (await scene.api('ana')).createRoom({ name: 'kitchen' });
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

const focused = async (target: Locator): Promise<void> => {
  await expect.poll(() => isFocused(target)).toBe(true);
};

const heading = (person: Person, name: string): Locator =>
  person.page.getByRole('heading', { name, exact: true });

/** Presses a button by keys. */
async function press(person: Person, name: string | RegExp): Promise<void> {
  const { page } = person;
  const place = (await page.getByRole('dialog').count()) > 0 ? page.getByRole('dialog') : page;
  await place.getByRole('button', { name, exact: true }).focus();
  await page.keyboard.press('Enter');
}

test('who is done with one of a list is at the next one, and at the heading when there is none', async () => {
  const api = await scene.api('ana');
  for (const name of ['one', 'two', 'three'])
    await api.call('POST', '/me/tokens', { name, scopes: ['chat'], days: 7 });
  const ana = await scene.person('ana');
  await ana.visit('/settings/tokens');
  const revoke = (name: string): Locator => ana.page.getByRole('button', { name: `Revoke ${name}` });
  for (const [name, next] of [
    ['two', 'one'],
    ['one', 'three'],
  ] as const) {
    await press(ana, `Revoke ${name}`);
    await press(ana, 'Revoke');
    await revoke(name).waitFor({ state: 'detached' });
    await focused(revoke(next));
  }
  await press(ana, 'Revoke three');
  await press(ana, 'Revoke');
  await focused(heading(ana, 'Tokens'));
  await ana.submit({ Name: 'four' }, 'Make the token');
  // There is no second time to hear of it.
  await focused(ana.page.getByRole('group', { name: /^Copy/ }));
  await press(ana, 'Done');
  await focused(heading(ana, 'Tokens'));
});

test('who goes to another page is at its heading', async () => {
  const ana = await scene.window('ana', { width: 360, height: 640 });
  await ana.logIn();
  await focused(heading(ana, 'Rooms'));
  await ana.enter('kitchen');
  await ana.page.getByRole('link', { name: 'Back' }).focus();
  await ana.page.keyboard.press('Enter');
  await focused(heading(ana, 'Rooms'));
  await press(ana, /^Your account/);
  await ana.page.getByRole('link', { name: 'Settings' }).focus();
  await ana.page.keyboard.press('Enter');
  await focused(heading(ana, 'Settings'));
  await ana.page.getByRole('link', { name: 'Password' }).focus();
  await ana.page.keyboard.press('Enter');
  await focused(heading(ana, 'Password'));
});

test('who leaves a room, or has it deleted while typing, is at what stands there then', async () => {
  const api = await scene.api('ana');
  const cellar = await api.createRoom({ name: 'cellar' });
  const ana = await scene.person('ana');
  await ana.enter('kitchen');
  await ana.page.getByRole('button', { name: 'Room menu' }).focus();
  await ana.page.keyboard.press('Enter');
  await press(ana, 'Leave room');
  await focused(heading(ana, 'Enter a room'));
  await ana.enter('cellar');
  await focused(ana.composer);
  await api.deleteRoom(cellar);
  await focused(heading(ana, 'cellar'));
});

test('a button that waits for an answer has the focus when that has come', async () => {
  const ana = await scene.window('ana');
  await ana.visit('/login');
  await ana.page.getByLabel('Username', { exact: true }).fill('ana');
  await ana.page.getByLabel('Password', { exact: true }).fill('wrong');
  const button = ana.page.getByRole('button', { name: 'Log in' });
  await press(ana, 'Log in');
  await ana.page.getByRole('alert').waitFor();
  await focused(button);
});

test('who presses beside what has the focus has it nowhere', async () => {
  const ana = await scene.person('ana');
  await ana.enter('kitchen');
  await ana.say('morning');
  await focused(ana.composer);
  await ana.page.getByText('morning').click();
  await ana.page.mouse.click(640, 80);
  await expect.poll(() => ana.page.evaluate(() => document.activeElement?.id !== 'composer')).toBe(true);
  const before = await ana.page.evaluate(() => document.activeElement?.tagName);
  await ana.page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );
  expect(await ana.page.evaluate(() => document.activeElement?.tagName)).toBe(before);
});

test('who is at a message sees it when the window becomes another one', async () => {
  const ana = await scene.person('ana', { width: 320, height: 400 });
  await ana.enter('kitchen');
  for (const text of ['one', 'two', 'three']) await ana.say(`${text} `.repeat(60).trim());
  await ana.atMessage();
  await ana.resize({ width: 1280, height: 500 });
  const log = ana.page.getByTestId('conversation');
  // No lower than its last message.
  const below = async (): Promise<number> =>
    await log.evaluate((element) => {
      const rows = [...element.querySelectorAll('[data-testid=message]')];
      const end = rows.at(-1)?.getBoundingClientRect().bottom ?? 0;
      return element.getBoundingClientRect().bottom - end;
    });
  await expect.poll(below).toBeLessThan(60);
});
