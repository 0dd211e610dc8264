import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { lasting, Scene } from '../harness/scene.ts';
import { walk, type Step } from '../harness/walk.ts';
import { talk } from '../walks/talk.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben'], lasting);
  await (await scene.api('ana')).createRoom({ name: 'kitchen', topic: 'What is cooking?' });
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

test('all that one does in a room can be read and reached by keys, in light and dark, and fits the window', async () => {
  const ben = await scene.person('ben');
  await ben.enter('kitchen');
  await walk(await scene.person('ana'), talk);
});

test('so can what is not sent, and where one is not let in', async () => {
  const ana = await scene.person('ana');
  await ana.enter('kitchen');
  const [ben, api] = [await scene.person('ben'), await scene.api('ana')];
  await ben.enter('kitchen');
  const rooms = (await (await api.call('GET', '/rooms')).json()) as { rooms: { id: number }[] };
  const put = async (how: object): Promise<unknown> =>
    await api.call('POST', `/rooms/${rooms.rooms[0]?.id}/kick`, { username: 'ben', ...how });
  const steps: Step[] = [
    [
      'put out',
      async (p) => {
        await put({ seconds: 3600, reason: 'You sing. '.repeat(20).trim() });
        await p.page.getByTestId('put-out').waitFor();
      },
    ],
    [
      'a door that stays shut',
      async (p) => {
        await p.page.getByTestId('over').getByRole('button', { name: 'Close' }).click();
        await p.others.getByRole('button', { name: 'kitchen' }).click();
        await p.page.getByRole('main').getByRole('alert').waitFor();
      },
    ],
    [
      'not sent',
      async (p) => {
        await put({ seconds: 1 });
        const enter = p.page.getByRole('main').getByRole('button', { name: 'Enter', exact: true });
        const inside = async (): Promise<boolean> => {
          // It goes when one is in.
          if (await enter.isVisible()) await enter.click({ timeout: 1000 }).catch(() => undefined);
          return await p.composer.isVisible();
        };
        await expect.poll(inside).toBe(true);
        await p.isIn('kitchen');
        await scene.server.stop();
        await p.page.getByTestId('connection').getByText('Not connected').waitFor();
        await p.write('patience');
        await p.own('patience').and(p.page.locator('[data-stage=waiting]')).waitFor();
      },
    ],
  ];
  await walk(ben, steps);
  await scene.server.restart();
});
