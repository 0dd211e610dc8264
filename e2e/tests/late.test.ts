import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { Proxy } from '../harness/proxy.ts';
import { patient, Scene } from '../harness/scene.ts';

let proxy: Proxy;
let scene: Scene;

beforeAll(async () => {
  proxy = await Proxy.listen();
});
afterEach(async () => {
  proxy.mend();
  await scene.clear();
  await scene.end();
});
afterAll(async () => {
  await proxy.end();
});

/** A server behind the network, with a room of that name. */
async function set(name: string, env: Record<string, string>): Promise<void> {
  scene = await Scene.set(['ana', 'ben'], { EARSHOT_ORIGINS: proxy.url, ...env });
  proxy.lead(scene.server.url);
  await (await scene.api('ana')).createRoom({ name });
}

test('who is away for too long is told so, and departed', async () => {
  // The session is over when its departure is told.
  await set('kitchen', { EARSHOT_RESUME_WINDOW: '4s', EARSHOT_RESUME_GRACE: '4s' });
  const [ana, ben] = [await scene.person('ana', { through: proxy }), await scene.person('ben')];
  for (const person of [ana, ben]) await person.enter('kitchen');
  await ana.say('before');
  // What hears keys at messages is there before the network is not.
  await ana.atMessage();
  proxy.cut();
  await ben.passage(/ana (left|came)/).waitFor();
  await ben.say('unheard');
  await ben.own('unheard').getByText('nobody heard it').waitFor();
  await ana.write('late');
  await ana.own('late').waitFor();
  // What is not said yet cannot be answered, and the key for that is no letter of a text.
  await ana.atMessage();
  await ana.page.keyboard.press('r');
  await ana.page.getByTestId('message-tools').getByText('There was no connection').waitFor();
  expect(await ana.composer.inputValue()).toBe('');
  proxy.mend();
  await ana.connected();
  await ben.hears('late');
  await ana.own('late').and(ana.page.locator('[data-stage=sent]')).waitFor();
  await expect.poll(() => ana.said()).toEqual(['before', 'late']);
  await expect.poll(() => ana.markers()).toEqual(['start', 'away']);
  await ben.passage(/ana .*came back|ana entered/).waitFor();
});

test('what the server has no more is counted, in its place', async () => {
  await set('garden', { EARSHOT_RESUME_ROOM_BYTES: '16384', ...patient });
  const [ana, ben] = [await scene.person('ana', { through: proxy }), await scene.person('ben')];
  for (const person of [ana, ben]) await person.enter('garden');
  await ana.say('before');
  proxy.cut();
  const long = Array.from({ length: 6 }, (_, i) => `${i} ${'x'.repeat(5000)}`);
  for (const text of long) await ben.write(text);
  await ben.say('the last');
  proxy.mend();
  await ana.connected();
  await ana.hears('the last');
  const said = await ana.said();
  const kept = long.filter((text) => said.includes(text));
  expect(said).toEqual(['before', ...kept, 'the last']);
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThan(6);
  await expect.poll(() => ana.markers()).toEqual(['start', 'gap']);
  const lost = 6 - kept.length;
  const words = lost === 1 ? '1 message' : `Up to ${lost} messages`;
  await ana.page
    .getByTestId('marker')
    .filter({ hasText: `${words} may be missing here.` })
    .waitFor();
  expect(await ben.passage(/ana (left|came)/).count()).toBe(0);
});
