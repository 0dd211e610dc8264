import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import type { Person } from '../harness/person.ts';
import { Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben']);
  const api = await scene.api('ana');
  for (const name of ['kitchen', 'garden']) await api.createRoom({ name });
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

const secret = 'the cake is for cleo';

/** Puts a recorder in the place of the system's notifications, before the page runs. */
async function recordNotifications(person: Person): Promise<void> {
  await person.context.grantPermissions(['notifications'], { origin: scene.server.url });
  await person.context.addInitScript(() => {
    const told: string[] = [];
    Object.assign(globalThis, { told });
    const Real = Notification;
    class Recorded extends Real {
      constructor(title: string, options: NotificationOptions = {}) {
        super(title, options);
        told.push(`${title}|${options.body ?? ''}`);
        Object.assign(globalThis, { last: this });
      }
    }
    Object.assign(globalThis, { Notification: Recorded });
  });
}

const told = (person: Person): Promise<string[]> =>
  person.page.evaluate(() => (globalThis as unknown as { told: string[] }).told.splice(0));

/** As the browser does it when another tab comes before this one. */
async function hide(person: Person, hidden: boolean): Promise<void> {
  await person.page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

const icon = (person: Person): Promise<string> =>
  person.page.locator('link[rel=icon]').evaluate((link: HTMLLinkElement) => decodeURIComponent(link.href));

async function both(): Promise<{ ana: Person; ben: Person }> {
  const ana = await scene.window('ana');
  await recordNotifications(ana);
  await ana.logIn();
  await ana.enter('kitchen');
  await ana.enter('garden');
  const ben = await scene.person('ben');
  await ben.enter('kitchen');
  return { ana, ben };
}

test('what is unread and what is meant for one stand in the list, the title and the icon', async () => {
  const { ana, ben } = await both();
  await ben.say(secret);
  await expect.poll(() => ana.unread('kitchen')).toBe(1);
  await expect.poll(() => icon(ana)).toContain('<circle');
  expect(await icon(ana)).not.toContain('<text');
  await ben.write(`@ana ${secret}`);
  const kitchen = ana.joined.getByRole('link', { name: 'kitchen' });
  await expect.poll(() => kitchen.getByTestId('mentions').innerText()).toMatch(/^@1/);
  await expect.poll(() => ana.unread('kitchen')).toBe(2);
  await expect.poll(() => icon(ana)).toContain('>1</text>');
  await expect.poll(() => ana.page.title()).toMatch(/^\(2\) garden · /);
  expect(`${await ana.page.title()} ${ana.page.url()} ${await icon(ana)}`).not.toContain('cake');
  // Where nothing is to be told of the room, nothing of it counts.
  await kitchen.click({ button: 'right' });
  await ana.page.getByTestId('room-list').getByText('Nothing', { exact: true }).click();
  await ana.page.keyboard.press('Escape');
  await expect.poll(() => ana.page.title()).toMatch(/^garden · /);
  await kitchen.getByTestId('silenced').waitFor();
  await expect.poll(() => ana.unread('kitchen')).toBe(0);
  await expect.poll(() => icon(ana)).toMatch(/favicon\.svg$/);
  expect(await ana.kept()).not.toMatch(/cake|kitchen/);
});

test('notifications are asked for by a press, name the room only, and keep quiet when they should', async () => {
  const { ana, ben } = await both();
  await ana.page.getByRole('button', { name: /^Your account/ }).click();
  await ana.page.getByRole('link', { name: 'Settings' }).click();
  await ana.page.getByRole('link', { name: 'Notifications' }).click();
  const toggle = ana.page.getByRole('switch', { name: /^Show notifications/ });
  await toggle.click();
  await expect.poll(() => toggle.getAttribute('aria-checked')).toBe('true');
  await ana.page.getByRole('link', { name: 'Back to the rooms' }).click();
  await ana.look('garden');
  await hide(ana, true);
  await ben.say(secret);
  await expect.poll(() => told(ana)).toEqual(['kitchen|Something was said']);
  // A press on it leads to the room.
  await ana.page.evaluate(() => {
    (globalThis as unknown as { last: Notification }).last.onclick?.(new Event('click'));
  });
  await ana.isIn('kitchen');
  await ana.look('garden');
  // Another tab of the browser shows the room.
  const tab = await ana.tab();
  await tab.visit('/rooms/kitchen');
  await tab.isIn('kitchen');
  await expect
    .poll(() =>
      tab.page.evaluate(async () => (await navigator.locks.query()).held?.map(({ name }) => name ?? '')),
    )
    .toContainEqual(expect.stringMatching(/looking/));
  await ben.say('heard in the other tab');
  await tab.hears('heard in the other tab');
  await expect.poll(() => ana.unread('kitchen')).toBe(2);
  expect(await told(ana)).toEqual([]);
  await tab.page.close();
  // Not to be disturbed.
  await ana.page.getByRole('button', { name: /^Your account/ }).click();
  await ana.page.getByRole('button', { name: '1 hour' }).click();
  await ana.page.getByTestId('quiet-until').waitFor();
  await ben.say('@ana again');
  await expect.poll(() => ana.unread('kitchen')).toBe(3);
  expect(await told(ana)).toEqual([]);
  // All tabs say so, those that are opened later and those that were there.
  const other = await ana.tab();
  await other.visit('/');
  const account = (one: Person) => one.page.getByRole('button', { name: /^Your account/ });
  await account(other).getByTitle('Do not disturb').waitFor();
  await account(other).click();
  await other.page.getByRole('switch', { name: 'Do not disturb' }).click();
  await account(other).getByTitle('Do not disturb').waitFor({ state: 'detached' });
  await account(ana).getByTitle('Do not disturb').waitFor({ state: 'detached' });
});
