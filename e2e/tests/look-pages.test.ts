import { afterAll, afterEach, beforeAll, test } from 'vitest';

import type { Scene } from '../harness/scene.ts';
import { walk } from '../harness/walk.ts';
import { admin } from '../walks/admin.ts';
import { entry } from '../walks/entry.ts';
import { furnished } from '../walks/house.ts';
import { settings } from '../walks/settings.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await furnished();
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

test.each([
  ['the pages for those who are not logged in', entry],
  ['the settings', settings],
  ['the administration', admin],
])('%s can be read and reached by keys, in light and dark, and fit the window', async (_, steps) => {
  await walk(steps === entry ? await scene.window('ana') : await scene.person('ana'), steps);
});
