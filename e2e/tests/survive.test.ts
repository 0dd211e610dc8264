import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import type { Person } from '../harness/person.ts';
import { Proxy } from '../harness/proxy.ts';
import { patient, Scene } from '../harness/scene.ts';

interface Talk {
  ana: Person;
  ben: Person;
  garden: string;
  kitchen: string;
}

/** Two people and two rooms for each test: the sessions of the one before are kept for a while, and would be seen. */
const pairs = Array.from({ length: 12 }, (_, at) => ({ ana: `ana${at}`, ben: `ben${at}` }));
let next = 0;

let proxy: Proxy;
let scene: Scene;

beforeAll(async () => {
  proxy = await Proxy.listen();
  scene = await Scene.set(
    pairs.flatMap(({ ana, ben }) => [ana, ben]),
    { EARSHOT_ORIGINS: proxy.url, EARSHOT_PING_INTERVAL: '2s', ...patient },
  );
  proxy.lead(scene.server.url);
});
afterEach(async () => {
  proxy.mend();
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
  await proxy.end();
});

/** Ana behind the network that can be cut, Ben beside the server; both in both rooms and looking at the kitchen. */
async function talking(): Promise<Talk> {
  const pair = pairs[next++];
  if (!pair) throw new Error('there are not enough pairs');
  const api = await scene.api('ana0');
  const [garden, kitchen] = [`garden-${next}`, `kitchen-${next}`];
  for (const name of [garden, kitchen]) await api.createRoom({ name });
  const ana = await scene.person(pair.ana, { through: proxy });
  const ben = await scene.person(pair.ben);
  for (const person of [ana, ben]) {
    await person.enter(garden);
    await person.enter(kitchen);
  }
  await ana.say('before');
  await ben.hears('before');
  return { ana, ben, garden, kitchen };
}

const quiet = /ana\d+ (left|came)|left and came back/;

describe('a network that breaks', () => {
  test('costs nothing: all that was said meanwhile comes, once and in order, and nobody departed', async () => {
    const { ana, ben, garden, kitchen } = await talking();
    proxy.cut();
    await ana.disconnected();
    for (const text of ['one', 'two', 'three']) await ben.say(text);
    await ben.look(garden);
    await ben.say('elsewhere');
    await ben.look(kitchen);
    await ana.write('written offline');
    await ana.own('written offline').and(ana.page.locator('[data-stage=waiting]')).waitFor();
    await ana.write('and more');
    proxy.mend();
    await ana.connected();
    const all = ['before', 'one', 'two', 'three', 'written offline', 'and more'];
    await expect.poll(() => ana.said()).toEqual(all);
    await expect.poll(() => ben.said()).toEqual(all);
    await ana.own('and more').getByText('heard by 1').waitFor();
    await expect.poll(() => ana.unread(garden)).toBe(1);
    await ana.look(garden);
    await expect.poll(() => ana.said()).toEqual(['elsewhere']);
    expect(await ana.markers()).toEqual(['start']);
    await ana.look(kitchen);
    expect(await ana.markers()).toEqual(['start']);
    await expect.poll(() => ana.occupants()).toEqual([ana.user.name, ben.user.name]);
    expect(await ben.passage(quiet).count()).toBe(0);
    expect(await ana.passage(quiet).count()).toBe(0);
    await expect.poll(() => ana.page.getByTestId('connection').innerText()).toBe('');
  });

  test('again and again, while everybody talks', async () => {
    const { ana, ben } = await talking();
    const said = ['before'];
    for (let round = 0; round < 5; round++) {
      proxy.cut();
      await ben.say(`ben ${round}`);
      await ana.disconnected();
      await ana.write(`ana ${round}`);
      proxy.mend();
      await ana.online();
      await ana.own(`ana ${round}`).and(ana.page.locator('[data-stage=sent]')).waitFor();
      said.push(`ben ${round}`, `ana ${round}`);
    }
    await expect.poll(() => ana.said()).toEqual(said);
    await expect.poll(() => ben.said()).toEqual(said);
    expect(await ana.markers()).toEqual(['start']);
    expect(await ben.passage(quiet).count()).toBe(0);
  });

  test('without a word is noticed, and the session goes on', async () => {
    const { ana, ben } = await talking();
    proxy.hold('up', 'down');
    await ben.say('into the void');
    await ana.disconnected();
    proxy.cut();
    proxy.mend();
    await ana.connected();
    await ana.hears('into the void');
    await ana.say('here again');
    await ben.hears('here again');
    expect(await ana.markers()).toEqual(['start']);
    expect(await ben.passage(quiet).count()).toBe(0);
  });

  test('between a message and its acknowledgement makes one message of it', async () => {
    const { ana, ben } = await talking();
    // What Ana says goes out; what comes back does not.
    proxy.hold('down');
    await ana.write('only once');
    await ben.hears('only once');
    await ana.own('only once').and(ana.page.locator('[data-stage=sending]')).waitFor();
    proxy.cut();
    await ana.disconnected();
    proxy.mend();
    await ana.own('only once').and(ana.page.locator('[data-stage=sent]')).waitFor();
    await ana.say('and on');
    await ben.hears('and on');
    for (const person of [ana, ben])
      await expect.poll(() => person.said()).toEqual(['before', 'only once', 'and on']);
  });
});

describe('a server that dies', () => {
  test('is told, and a message that was heard just before is not heard again', async () => {
    const { ana, ben } = await talking();
    proxy.hold('down');
    await ana.write('last words');
    await ben.hears('last words');
    await scene.server.stop('SIGKILL');
    await ben.disconnected();
    await ben.write('to the dead');
    proxy.cut();
    await scene.server.restart();
    await ben.connected();
    proxy.mend();
    await ana.connected();
    await ana.own('last words').and(ana.page.locator('[data-stage=sent]')).waitFor();
    for (const person of [ana, ben]) {
      await person.say(`${person.user.name} is back`);
      await expect.poll(() => person.markers()).toEqual(['start', 'restart']);
      await person.page
        .getByText('The server was restarted; what was said meanwhile did not reach you.')
        .waitFor();
    }
    await ana.hears(`${ben.user.name} is back`);
    await ben.hears(`${ana.user.name} is back`);
    expect((await ben.said()).filter((text) => text === 'last words')).toHaveLength(1);
    expect((await ben.said()).filter((text) => text === 'to the dead')).toHaveLength(1);
    expect((await ana.said()).filter((text) => text === 'last words')).toHaveLength(1);
  });
});

describe('loading the page anew', () => {
  /** Loads the page anew, and does something while nobody is there. */
  async function reload(person: Person, meanwhile: () => Promise<void>): Promise<void> {
    // The first script waits for it: those that are loaded later come when somebody is there.
    await person.page.route(
      '**/assets/*.js',
      async (route) => {
        await meanwhile();
        await route.continue();
      },
      { times: 1 },
    );
    await person.page.reload();
    await person.connected();
  }

  test('is done once where a server that was upgraded has not the files of the log-in page', async () => {
    const { ana, ben, kitchen } = await talking();
    const other = await scene.window(ana.user.name);
    await other.visit(`/login?next=/rooms/${kitchen}`);
    let asked = 0;
    const files = '**/assets/RoomPlace-*.js';
    await other.page.route(files, (route) => route.fulfill({ status: 404, body: `${++asked}` }));
    await other.submit({ Username: ana.user.name, Password: ana.user.password }, 'Log in');
    const again = other.page.getByRole('alert').getByRole('button', { name: 'Try again' });
    // Loaded anew it has none either: it says so, and is not loaded for ever.
    await again.waitFor();
    const loads = asked;
    expect(loads).toBeGreaterThan(1);
    await again.click();
    await expect.poll(() => asked).toBeGreaterThan(loads);
    await again.waitFor();
    await other.page.unroute(files);
    await again.click();
    await other.page.getByRole('button', { name: 'Enter', exact: true }).click();
    await other.isIn(kitchen);
    await ben.say('here');
    await other.hears('here');
  });

  test('keeps one in the rooms, and what is said meanwhile comes', async () => {
    const { ana, ben, garden, kitchen } = await talking();
    await reload(ana, async () => {
      await ben.say('while you were gone');
      await ben.look(garden);
      await ben.say('there too');
      await ben.look(kitchen);
    });
    await ana.isIn(kitchen);
    await ana.hears('while you were gone');
    // What was said before is kept nowhere.
    expect(await ana.said()).toEqual(['while you were gone']);
    await expect.poll(() => ana.markers()).toEqual(['reloaded']);
    await expect.poll(() => ana.unread(garden)).toBe(1);
    await ana.look(garden);
    await ana.hears('there too');
    await expect.poll(() => ben.occupants()).toEqual([ana.user.name, ben.user.name]);
    await ben.say('still there?');
    await ben.own('still there?').getByText('heard by 1').waitFor();
    expect(await ben.passage(quiet).count()).toBe(0);
  });

  test('again and again loses nothing', async () => {
    const { ana, ben, kitchen } = await talking();
    for (let round = 0; round < 3; round++) {
      await reload(ana, () => ben.say(`round ${round}`));
      await ana.isIn(kitchen);
      await ana.hears(`round ${round}`);
      expect(await ana.said()).toEqual([`round ${round}`]);
    }
    expect(await ben.passage(quiet).count()).toBe(0);
  });

  test('leaves no trace of what was said, and nothing at all while the page lives', async () => {
    const canary = 'canary-4c1d77e0';
    const { ana, ben, kitchen } = await talking();
    const session = (): Promise<[string, string][]> =>
      ana.page.evaluate(() => Object.entries(sessionStorage) as [string, string][]);
    await ben.say(`${canary} heard`);
    await ana.hears(`${canary} heard`);
    await ana.say(`${canary} said`);
    await ana.composer.fill(`${canary} typed`);
    expect(await session()).toEqual([]);
    proxy.cut();
    await ana.disconnected();
    await ana.write(`${canary} unsent`);
    expect(await session()).toEqual([]);
    expect(await ana.kept()).not.toContain(canary);
    proxy.mend();
    await ana.connected();
    await ben.hears(`${canary} unsent`);
    // A page of the same origin that is not this one sees what was left.
    await ana.visit('/healthz');
    const left = await session();
    expect(left.map(([key]) => key)).toEqual(['earshot.session']);
    expect(JSON.stringify(left)).not.toMatch(/canary|kitchen|ana/);
    expect(await ana.kept()).not.toContain(canary);
    await ana.page.goBack();
    await ana.connected();
    await ana.isIn(kitchen);
    expect(await session()).toEqual([]);
    await expect.poll(() => ana.markers()).toEqual(['reloaded']);
    expect(await ben.passage(quiet).count()).toBe(0);
  });

  test('of a tab that was opened from this one takes nothing from it', async () => {
    const { ana, ben } = await talking();
    // The browser copies the session storage to a tab that is opened this way, as to one that is duplicated.
    const opened = ana.context.waitForEvent('page');
    await ana.page.evaluate(() => void open(location.href));
    const other = await opened;
    await other.locator('[data-testid=chat][data-connection=open]').waitFor();
    await other.getByTestId('composer').waitFor();
    await ben.say('to both');
    await ana.hears('to both');
    await other.getByText('to both', { exact: true }).waitFor();
    expect(ana.watch.sockets).toHaveLength(1);
    expect(ana.watch.open).toHaveLength(1);
    await other.close();
    await ben.say('to one');
    await ana.hears('to one');
    expect(await ben.passage(quiet).count()).toBe(0);
  });
});

describe('who is there', () => {
  test('is seen by the others in words: away, not to be disturbed, and back', async () => {
    const { ana, ben } = await talking();
    const status = (): Promise<string[]> =>
      ana.page.getByTestId('occupants').getByTestId('status').allInnerTexts();
    await ben.page.getByRole('button', { name: /^Your account/ }).click();
    const toggle = ben.page.getByRole('switch', { name: 'Do not disturb' });
    await toggle.click();
    await expect.poll(status).toEqual(['do not disturb']);
    await expect.poll(() => toggle.getAttribute('aria-checked')).toBe('true');
    // It is the session's: a page loaded anew has it still.
    await ben.page.reload();
    await ben.connected();
    await ben.page.getByRole('button', { name: /^Your account/ }).click();
    await expect.poll(() => toggle.getAttribute('aria-checked')).toBe('true');
    await expect.poll(status).toEqual(['do not disturb']);
    await toggle.click();
    await expect.poll(status).toEqual([]);
    await ben.page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { configurable: true, value: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await expect.poll(status).toEqual(['away']);
    await ben.page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { configurable: true, value: false });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await expect.poll(status).toEqual([]);
    expect(await ana.passage(/ben\d+ (left|came)/).count()).toBe(0);
  });
});
