import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { amiss, overhang } from '../harness/look.ts';
import type { Person } from '../harness/person.ts';
import { Proxy } from '../harness/proxy.ts';
import { patient, Scene } from '../harness/scene.ts';

let proxy: Proxy;
let scene: Scene;
let rooms = 0;

beforeAll(async () => {
  proxy = await Proxy.listen();
  scene = await Scene.set(['ana', 'ben'], {
    EARSHOT_ORIGINS: proxy.url,
    EARSHOT_PING_INTERVAL: '1s',
    ...patient,
  });
  proxy.lead(scene.server.url);
  proxy.refuseSockets();
});
afterEach(async () => {
  proxy.mend();
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
  await proxy.end();
});

/** Ana where sockets are blocked, Ben beside the server; both in a new room. */
async function talking(): Promise<[Person, Person, string]> {
  const room = `room-${++rooms}`;
  await (await scene.api('ana')).createRoom({ name: room });
  const ana = await scene.person('ana', { through: proxy });
  const ben = await scene.person('ben');
  await ana.enter(room);
  await ben.enter(room);
  return [ana, ben, room];
}

describe('where sockets are blocked', () => {
  test('the page talks all the same', async () => {
    const [ana, ben] = await talking();
    expect(ana.watch.sockets.length).toBeGreaterThan(0);
    await expect.poll(() => ana.watch.open.length).toBe(0);
    await expect.poll(() => ben.watch.open.length).toBe(1);
    await ana.say('can you hear me?');
    await ben.hears('can you hear me?');
    await ben.say('as well as ever');
    await ana.hears('as well as ever');
    await expect.poll(() => ana.occupants()).toEqual(['ana', 'ben']);
    // For longer than a server waits for a sign of life.
    let pongs = 0;
    ana.page.on('request', (request) => {
      if (request.postData()?.includes('"ping"') === true) pongs++;
    });
    await expect.poll(() => pongs).toBeGreaterThanOrEqual(3);
    await ben.say('and now?');
    await ana.hears('and now?');
    expect(await ana.markers()).toHaveLength(1);
    expect(await amiss(ana)).toEqual([]);
    expect(await overhang(ana)).toBeLessThanOrEqual(0);
    await picture(ana, 'talk');
  });

  test('a network that breaks costs nothing', async () => {
    const [ana, ben] = await talking();
    await ana.say('before');
    await ben.hears('before');
    proxy.cut();
    await ana.disconnected();
    await picture(ana, 'cut');
    await ana.write('written without a network');
    for (const text of ['one', 'two', 'three']) await ben.say(text);
    proxy.mend();
    await ana.online();
    await ben.hears('written without a network');
    await ana.hears('three');
    await ana.own('written without a network').and(ana.page.locator('[data-stage=sent]')).waitFor();
    await expect
      .poll(() => ana.said())
      .toEqual(['before', 'one', 'two', 'three', 'written without a network']);
    expect(await ana.markers()).toHaveLength(1);
    expect(await ben.passage(/ana (left|came back)/).count()).toBe(0);
    await expect.poll(() => ana.watch.open.length).toBe(0);
    await picture(ana, 'mended');
  });

  test('a log-out ends it at once, for the tabs too', async () => {
    const [ana, ben, room] = await talking();
    const second = await ana.tab();
    await second.visit(`/rooms/${room}`);
    await second.isIn(room);
    await ana.accountMenu('Log out');
    for (const tab of [ana, second]) await tab.page.getByRole('heading', { name: 'Log in' }).waitFor();
    await ben.passage(/ana left/).waitFor();
    await ben.say('alone now');
    await ben.own('alone now').getByText('nobody heard it').waitFor();
  });

  test('the page that is loaded anew goes on', async () => {
    const [ana, ben, room] = await talking();
    const stream = ana.page.waitForResponse(
      (answer) => answer.url().endsWith('/events') && answer.request().method() === 'GET',
    );
    await ana.page.reload();
    expect((await stream).headers()).toMatchObject({ 'content-encoding': 'gzip', 'x-accel-buffering': 'no' });
    await ben.say('while you were away');
    await ana.isIn(room);
    await ana.hears('while you were away');
    expect(await ben.passage(/ana left/).count()).toBe(0);
  });
});

/** Keeps a picture where somebody wants to look at them. */
async function picture(person: Person, name: string): Promise<void> {
  const dir = process.env['EARSHOT_PICTURES'];
  if (dir !== undefined) await person.page.screenshot({ path: `${dir}/detour-${name}.png` });
}
