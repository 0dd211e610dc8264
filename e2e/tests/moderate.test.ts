import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import type { Api } from '../harness/api.ts';
import { amiss, overhang } from '../harness/look.ts';
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

/** Makes a room that the person owns, by the page's own dialog. */
async function create(person: Person, name: string): Promise<void> {
  await person.page.getByRole('button', { name: 'Create a room' }).first().click();
  const dialog = person.page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill(name);
  await dialog.getByRole('button', { name: 'Create room' }).click();
  await person.isIn(name);
}

/** Two people in a room of cleo's, who administers nothing else. */
async function inside(name: string): Promise<[cleo: Person, ben: Person]> {
  const cleo = await scene.person('cleo');
  await create(cleo, name);
  const ben = await scene.person('ben');
  await ben.enter(name);
  await cleo.passage('ben entered').waitFor();
  return [cleo, ben];
}

/** The dialog about the room. */
async function openOrder(person: Person): Promise<void> {
  await person.page.getByRole('button', { name: 'Room menu' }).click();
  await person.page.getByRole('button', { name: 'Moderate', exact: true }).click();
}

/** The dialog about somebody who is inside. */
async function judge(person: Person, name: string): Promise<Locator> {
  await person.page
    .getByTestId('occupants')
    .getByRole('button', { name: `Moderate: \u2068${name}\u2069` })
    .click();
  return person.page.getByTestId('judge');
}

/** Puts ben out of a room. */
async function kick(api: Api, room: string, how: object): Promise<unknown> {
  const { rooms } = (await (await api.call('GET', '/rooms')).json()) as {
    rooms: { id: number; name: string }[];
  };
  const id = rooms.find(({ name }) => name === room)?.id;
  return await api.call('POST', `/rooms/${id}/kick`, { username: 'ben', ...how });
}

test('whoever owns a room mutes somebody there, who is told so, and lifts it', async () => {
  const [cleo, ben] = await inside('nook');
  expect(await ben.page.getByRole('button', { name: /^Moderate/ }).count()).toBe(0);
  const dialog = await judge(cleo, 'ben');
  await dialog.getByRole('radio', { name: /^Mute/ }).check();
  // What is said meanwhile takes nothing away from whoever decides.
  await ben.say('I talk and talk');
  await cleo.hears('I talk and talk');
  await dialog.getByLabel('Reason (optional)').fill('Too loud\nand too long');
  expect(await amiss(cleo)).toEqual([]);
  await dialog.getByRole('button', { name: 'Mute' }).click();
  await dialog.waitFor({ state: 'detached' });

  const line = ben.page.getByTestId('order-line');
  await line.getByText(/^You are muted until/).waitFor();
  await line.getByText('Too loud').waitFor();
  await ben.write('let me speak');
  await ben.page.getByText(/You are muted in this room until/).waitFor();
  await cleo.say('peace');
  await ben.hears('peace');

  await openOrder(cleo);
  const order = cleo.page.getByRole('dialog');
  await order.getByTestId('mutes').getByText('ben').waitFor();
  expect(await amiss(cleo)).toEqual([]);
  await order.getByRole('button', { name: /^Lift/ }).click();
  await order.getByTestId('mutes').getByText('Nobody.').waitFor();
  await line.waitFor({ state: 'detached' });
  await ben.say('thank you');
  await cleo.hears('thank you');
});

test('a room is slow and locked, and says so above the message box', async () => {
  const [cleo, ben] = await inside('lane');
  const order = async (slow: string, lock: string): Promise<void> => {
    await openOrder(cleo);
    const dialog = cleo.page.getByTestId('order');
    await dialog.getByLabel('Slow mode').selectOption({ label: slow });
    await dialog.getByLabel('Lock').selectOption({ label: lock });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
  };
  await order('One message in 1 hour each', 'Open');
  const line = ben.page.getByTestId('order-line');
  await line.getByText('Slow mode: one message in 1 hour.').waitFor();
  await ben.say('first');
  await line.getByText(/^Slow mode: you can say the next in [\d,]+ s\.$/).waitFor();
  await order('Off: everybody says what they like', 'Nobody may say anything');
  await line.getByText('The room is locked: nobody may say anything for the time being.').waitFor();
  await cleo.page.getByTestId('order-line').getByText('only those who moderate').waitFor();
  await ben.resize({ width: 320, height: 640 });
  expect(await overhang(ben)).toBe(0);
  expect(await amiss(ben)).toEqual([]);
  await order('Off: everybody says what they like', 'Open');
  await line.waitFor({ state: 'detached' });
});

test('somebody is kicked from a message, and banned from the list', async () => {
  const [cleo, ben] = await inside('yard');
  await ben.say('spam');
  await cleo.hears('spam');
  await cleo.message('spam').hover();
  await cleo.page
    .getByTestId('message-tools')
    .getByRole('button', { name: /^Moderate/ })
    .click();
  let dialog = cleo.page.getByTestId('judge');
  await dialog.getByLabel('Reason (optional)').fill('Spam');
  await dialog.getByRole('button', { name: 'Kick' }).click();
  await ben.page.getByTestId('over').waitFor();
  await ben.page.getByTestId('marker').filter({ hasText: 'You were put out of this room' }).waitFor();
  await ben.page.getByTestId('over').getByRole('button', { name: 'Close' }).click();
  // For longer than the minute that the dialog gives, which a slow machine may need to come back.
  await kick(await scene.api('cleo'), 'yard', { seconds: 600 });
  await ben.visit('/rooms/yard');
  await ben.page.getByRole('button', { name: 'Enter', exact: true }).click();
  await ben.page
    .getByText(/You can come back in \d+ seconds/)
    .first()
    .waitFor();

  const ana = await scene.person('ana');
  await ana.enter('yard');
  // ana is a superuser, and cleo may not act against her.
  dialog = await judge(cleo, 'ana');
  await dialog.getByRole('radio', { name: /^Ban/ }).check();
  await dialog.getByLabel('For how long').selectOption({ label: 'For good' });
  await dialog.getByRole('button', { name: 'Ban from this room' }).click();
  await dialog.getByRole('alert').getByText('Only a superuser').waitFor();
});

test('who is put out is told why, until when, and comes back', async () => {
  const [cleo, ben] = await inside('porch');
  const api = await scene.api('cleo');
  const put = async (how: object): Promise<unknown> => await kick(api, 'porch', how);
  const over = ben.page.getByTestId('over');
  const told = over.getByRole('alert');

  // Who looks at another room is told, too, and finds out why in the room.
  await create(ben, 'shed');
  await put({ seconds: 1, reason: 'Once more' });
  await expect
    .poll(() => ben.page.getByTestId('announced').innerText())
    .toBe('You do not hear \u2068porch\u2069 any more.');
  await ben.joined.getByRole('link', { name: 'porch You do not hear this room any more' }).click();
  await told.getByText('Reason: \u2068Once more\u2069').waitFor();
  await over.getByRole('button', { name: 'Enter again' }).click();
  await ben.isIn('porch');
  await ben.say('here I am');
  await cleo.hears('here I am');
  expect(await over.count()).toBe(0);

  await ben.composer.focus();
  await put({ seconds: 1200, reason: 'You sing.\nAnd loudly' });
  await told.getByText('Reason: \u2068You sing.\nAnd loudly\u2069').waitFor();
  await expect
    .poll(() => over.ariaSnapshot())
    .toMatch(
      /alert:[^]*heading "You were put out of this room\."[^]*You sing\. And loudly[^]*You can come back at \d\d:\d\d\.[^]*button "Enter again" \[disabled\][^]*button "Close"/,
    );
  // What one goes on typing presses nothing.
  const focused = (): Promise<string | null | undefined> =>
    ben.page.evaluate(() => document.activeElement?.getAttribute('data-testid'));
  await expect.poll(focused).toBe('over');
  await ben.page.keyboard.type('and so on');
  expect(await amiss(ben)).toEqual([]);
  await ben.resize({ width: 320, height: 640 });
  expect(await overhang(ben)).toBe(0);
  await over.getByRole('button', { name: 'Close' }).click();
  await over.waitFor({ state: 'detached' });
});
