import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import type { Person } from '../harness/person.ts';
import { patient, Scene } from '../harness/scene.ts';

let scene: Scene;
const names = Array.from({ length: 6 }, (_, at) => [`ana${at}`, `ben${at}`] as const);
let next = 0;

beforeAll(async () => {
  scene = await Scene.set(names.flat(), patient);
  const api = await scene.api('ana0');
  for (const at of names.keys())
    for (const name of ['kitchen', 'garden']) await api.createRoom({ name: `${name}-${at}` });
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

interface Talk {
  ana: Person;
  ben: Person;
  kitchen: string;
  garden: string;
}

/** Ana, whose tabs share a thread, and Ben, both in the kitchen. */
async function talking(): Promise<Talk> {
  const at = next++;
  const [kitchen, garden] = [`kitchen-${at}`, `garden-${at}`];
  const ben = await scene.person(`ben${at}`);
  await ben.enter(kitchen);
  const ana = await scene.person(`ana${at}`, { shared: true });
  await ana.enter(kitchen);
  return { ana, ben, kitchen, garden };
}

/** Another tab of theirs, in a room that they are in. */
async function another(person: Person, room: string): Promise<Person> {
  const tab = await person.tab();
  await tab.visit(`/rooms/${room}`);
  await tab.isIn(room);
  return tab;
}

describe('three tabs', () => {
  test('have one connection, hear the same from when they came, and each has its own unread', async () => {
    const { ana, ben, kitchen } = await talking();
    await ben.say('before');
    await ana.hears('before');
    const tabs = [await ana.tab(), await ana.tab()];
    for (const tab of tabs) {
      await tab.visit(`/rooms/${kitchen}`);
      await tab.isIn(kitchen);
      // Nothing of what was said before it was there.
      expect(await tab.said()).toEqual([]);
      await expect.poll(() => tab.occupants()).toEqual([ana.user.name, ben.user.name]);
    }
    await ben.say('to all of you');
    // A session each would be three that hear it.
    await ben.own('to all of you').getByText('heard by 1').waitFor();
    for (const tab of [ana, ...tabs]) await tab.hears('to all of you');
    const [second, third] = tabs;
    if (!second || !third) throw new Error('there are no tabs');
    await second.say('from the second');
    for (const person of [ana, third, ben]) await person.hears('from the second');
    await third.visit('/');
    await third.connected();
    await ben.say('unread there');
    await expect.poll(() => third.unread(kitchen)).toBe(1);
    await ana.hears('unread there');
    await expect.poll(() => ana.unread(kitchen)).toBe(0);
    for (const person of [ana, ...tabs]) expect(person.watch.sockets).toEqual([]);
  });

  test('leave a room together, and log out together', async () => {
    const { ana, ben, kitchen } = await talking();
    const other = await another(ana, kitchen);
    await other.roomMenu('Leave room');
    await ben.passage(/left|came and went/).waitFor();
    await ana.page.getByRole('button', { name: 'Enter', exact: true }).waitFor();
    await ana.accountMenu('Log out');
    await ana.page.getByRole('heading', { name: 'Log in' }).waitFor();
    await other.page.getByRole('heading', { name: 'Log in' }).waitFor();
  });
});

test('the only tab goes on with its session when it is loaded anew', async () => {
  const { ana, ben, kitchen } = await talking();
  await ana.page.route(
    '**/assets/*.js',
    async (route) => {
      await ben.say('meanwhile');
      await route.continue();
    },
    { times: 1 },
  );
  await ana.page.reload();
  await ana.isIn(kitchen);
  await ana.hears('meanwhile');
  await expect.poll(() => ana.markers()).toEqual(['reloaded']);
  await ana.say('here again');
  await ben.hears('here again');
  expect(await ben.passage(/left|came/).count()).toBe(0);
});

test('the others go on when one is closed, and when one is loaded anew', async () => {
  const { ana, ben, kitchen } = await talking();
  const other = await another(ana, kitchen);
  await ana.page.reload();
  await ana.isIn(kitchen);
  await ben.say('one');
  for (const person of [ana, other]) await person.hears('one');
  await ana.page.close();
  await ben.say('two');
  await other.hears('two');
  await other.say('three');
  await ben.hears('three');
  expect(await ben.passage(/left|came/).count()).toBe(0);
});

test('all go on when the thread that they share is ended, as a browser does that is short of memory', async () => {
  const { ana, ben, kitchen } = await talking();
  const other = await another(ana, kitchen);
  await ben.say('before');
  for (const person of [ana, other]) await person.hears('before');
  const browser = await ana.context.browser()?.newBrowserCDPSession();
  if (!browser) throw new Error('there is no browser');
  const { targetInfos } = await browser.send('Target.getTargets');
  const threads = targetInfos.filter(
    ({ type, url }) => type === 'shared_worker' && url.startsWith(scene.server.url),
  );
  expect(threads).toHaveLength(1);
  for (const { targetId } of threads) await browser.send('Target.closeTarget', { targetId });
  await ben.say('meanwhile');
  await ana.say('from the first');
  await other.say('from the other');
  const all = ['before', 'meanwhile', 'from the first', 'from the other'];
  await expect.poll(() => ben.said()).toEqual(all);
  for (const person of [ana, other]) {
    await person.hears('from the other');
    // A tab that on a slow machine was not back with the others has a line about what it missed.
    const gap = (await person.markers()).includes('gap');
    expect(await person.said()).toEqual(gap ? all.filter((text) => text !== 'meanwhile') : all);
  }
  expect(await ben.passage(/left|came/).count()).toBe(0);
});

test('somebody else logs in in another tab: the first one follows', async () => {
  const { ana, ben } = await talking();
  const other = await ana.tab();
  await other.visit('/');
  await other.connected();
  await other.accountMenu('Log out');
  await other.page.getByRole('heading', { name: 'Log in' }).waitFor();
  await other.submit({ Username: ben.user.name, Password: ben.user.password }, 'Log in');
  await other.connected();
  await expect.poll(() => other.page.getByTestId('me').innerText()).toBe(ben.user.name);
  await ana.page.getByRole('heading', { name: 'Log in' }).waitFor();
});
