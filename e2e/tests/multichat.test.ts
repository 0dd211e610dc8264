import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import type { Person } from '../harness/person.ts';
import { Scene } from '../harness/scene.ts';
import { Site } from '../harness/site.ts';

let scene: Scene;
let site: Site;
const rooms: Record<string, number> = {};

beforeAll(async () => {
  site = await Site.open();
  scene = await Scene.set(['ana', 'ben'], { EARSHOT_ORIGINS: site.url, EARSHOT_RESUME_GRACE: '1s' });
  site.server = scene.server.url;
  const api = await scene.api('ana');
  rooms['kitchen'] = await api.createRoom({ name: 'kitchen', title: 'The kitchen' });
  rooms['office'] = await api.createRoom({ name: 'office', access: 'staff' });
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
  await site.close();
});

/** Somebody who has logged in and looks at a page like the example's instead of Earshot's. */
async function guest(name: string): Promise<Person> {
  const person = await scene.person(name);
  const list = Object.entries(rooms).map(([room, id]) => `${id}=${room}`);
  await person.page.goto(`${site.url}/?${list.join('&')}`);
  await connected(person);
  return person;
}

async function connected(person: Person): Promise<void> {
  await person.page.locator('body[data-connection=open]').waitFor();
}

async function enter(person: Person): Promise<void> {
  await person.page.getByText('kitchen', { exact: true }).click();
  await person.page.getByRole('heading', { name: 'The kitchen' }).waitFor();
}

async function say(person: Person, text: string): Promise<void> {
  await person.page.getByRole('textbox').fill(text);
  await person.page.getByRole('textbox').press('Enter');
}

/** What the page shows, line by line. */
function lines(person: Person): Promise<string[]> {
  return person.page.locator('.messages p').allInnerTexts();
}

describe("a page like that of Channels' example", () => {
  test('talks with the page, and sees who comes and goes', async () => {
    const [ana, ben] = [await scene.person('ana'), await guest('ben')];
    await enter(ben);
    await ana.enter('The kitchen');
    await say(ben, 'hello <b>there</b>');
    await ana.hears('hello <b>there</b>');
    await ana.say('hello yourself');
    const shown = ['ana joined the room!', 'ben: hello <b>there</b>', 'ana: hello yourself'];
    await expect.poll(() => lines(ben)).toEqual(shown);
    await ana.page.close();
    await expect.poll(() => lines(ben)).toEqual([...shown, 'ana left the room!']);
    await ben.page.getByText('kitchen', { exact: true }).click();
    await ben.page.getByRole('heading', { name: 'The kitchen' }).waitFor({ state: 'detached' });
  });

  test('is told what it may not do', async () => {
    const ben = await guest('ben');
    await ben.page.getByText('office', { exact: true }).click();
    await ben.page.locator('.error').getByText('ROOM_INVALID', { exact: true }).waitFor();
  });

  test('comes back by itself when the server was away', async () => {
    const ben = await guest('ben');
    await enter(ben);
    await say(ben, 'before');
    await expect.poll(() => lines(ben)).toEqual(['ben: before']);
    await scene.server.stop();
    await ben.page.locator('body[data-connection=closed]').waitFor();
    await scene.server.restart();
    await connected(ben);
    // It still shows the room that it was in: leaving closes it, and entering it again opens it.
    await ben.page.getByText('kitchen', { exact: true }).click();
    await ben.page.getByRole('heading', { name: 'The kitchen' }).waitFor({ state: 'detached' });
    await enter(ben);
    await say(ben, 'after');
    await expect.poll(() => lines(ben)).toEqual(['ben: after']);
  });
});
