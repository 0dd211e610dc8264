import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

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

async function talking(): Promise<[Person, Person]> {
  const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
  for (const person of [ana, ben]) {
    await person.enter('garden');
    await person.enter('kitchen');
  }
  await ana.say('before');
  await ben.hears('before');
  return [ana, ben];
}

describe.each(['SIGTERM', 'SIGKILL'] as const)('when the server ends with %s and starts again', (signal) => {
  test('the page says so, joins its rooms again by itself, and hears', async () => {
    const [ana, ben] = await talking();
    const code = await scene.server.stop(signal);
    if (signal === 'SIGTERM' && process.platform !== 'win32') expect(code).toBe(0);
    for (const person of [ana, ben]) {
      await person.page.getByTestId('connection').getByText('Not connected').waitFor();
      await person.page.getByTestId('marker').filter({ hasText: 'disconnected' }).waitFor();
    }
    await scene.server.restart();
    await ana.connected();
    await ben.connected();
    for (const room of ['garden', 'kitchen']) {
      await ana.look(room);
      await ben.look(room);
      await expect.poll(() => ana.occupants()).toEqual(['ana', 'ben']);
      await ana.say(`back in the ${room}`);
      await ben.hears(`back in the ${room}`);
      await ben.say(`hearing the ${room}`);
      await ana.hears(`hearing the ${room}`);
    }
    // What was heard before is still there, once, and in its place.
    await expect.poll(() => ben.said()).toEqual(['before', 'back in the kitchen', 'hearing the kitchen']);
    for (const person of [ana, ben]) {
      await expect.poll(() => person.watch.open.length).toBe(1);
      await expect.poll(() => person.page.getByTestId('connection').innerText()).toBe('');
    }
  });

  test('what is said meanwhile waits, and is said once', async () => {
    const [ana, ben] = await talking();
    await scene.server.stop(signal);
    await ana.page.getByTestId('connection').getByText('Not connected').waitFor();
    await ana.composer.fill('patience');
    await ana.composer.press('Enter');
    await ana.own('patience').and(ana.page.locator('[data-stage=waiting]')).waitFor();
    await scene.server.restart();
    await ben.connected();
    await ana.connected();
    await ana.own('patience').and(ana.page.locator('[data-stage=sent]')).waitFor();
    await ana.say('and after');
    await ana.hears('patience');
    await ana.hears('and after');
  });
});

describe('logging out', () => {
  test('ends what all tabs of the log-in hear, at once', async () => {
    const [ana, ben] = await talking();
    const second = await ben.tab();
    await second.visit('/rooms/kitchen');
    await second.isIn('kitchen');
    await ben.accountMenu('Log out');
    for (const tab of [ben, second]) {
      await tab.page.getByRole('heading', { name: 'Log in' }).waitFor();
      expect(await tab.page.content()).not.toContain('before');
    }
    await ana.passage(/ben (left|came)/).waitFor();
    await ana.say('alone now');
    await ana.own('alone now').getByText('nobody heard it').waitFor();
    for (const tab of [ben, second]) {
      await expect.poll(() => tab.watch.open.length).toBe(0);
      expect(await tab.page.content()).not.toContain('alone now');
    }
  });

  test('leaves other log-ins of the same person alone', async () => {
    const [one, other] = [await scene.person('ben'), await scene.person('ben')];
    await one.enter('kitchen');
    await other.enter('kitchen');
    await one.accountMenu('Log out');
    await one.page.getByRole('heading', { name: 'Log in' }).waitFor();
    const ana = await scene.person('ana');
    await ana.enter('kitchen');
    await ana.say('still there?');
    await other.hears('still there?');
  });
});
