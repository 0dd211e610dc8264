// Takes the pictures of the README and the docs from the running program: make pictures. It is no test of its own, but it
// stops where the page does not do what it shows.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, beforeAll, test } from 'vitest';

import { dress } from '../harness/dress.ts';
import type { Person, Setup } from '../harness/person.ts';
import { Scene } from '../harness/scene.ts';

const folder = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));
const title = 'Design review';

let scene: Scene;

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  scene = await Scene.set(['ana', 'ben', 'cleo', 'dmitri']);
  const api = await scene.api('ana');
  await api.createRoom({ name: 'design', title, topic: 'Off the record. The decision goes into the wiki.' });
  await api.createRoom({ name: 'lunch', title: 'Lunch' });
  await api.createRoom({ name: 'incident', title: 'Incident 42' });
  await api.createRoom({ name: 'staff', title: 'Staff room', access: 'staff' });
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

/** Two people talk while two others listen; the first one's page is what is shown. */
async function talk(setup: Setup): Promise<Person> {
  const ana = await scene.person('ana', setup);
  const others = [
    await scene.person('ben'),
    await scene.person('cleo'),
    await scene.person('dmitri'),
  ] as const;
  const [ben, cleo] = others;
  for (const room of [title, 'Lunch', 'Incident 42']) {
    for (const person of [ana, ...others]) {
      const back = person.page.getByRole('link', { name: 'Back to the rooms' });
      if (await back.isVisible()) await back.click();
      await person.enter(room);
    }
  }
  for (const person of others) await person.look(title);
  const back = ana.page.getByRole('link', { name: 'Back to the rooms' });
  if (await back.isVisible()) await back.click();
  await ana.look(title);
  await ben.say('Honest question before we show it to anybody: would you use this?');
  await ana.say('Today? No. The first screen asks me for six things before I have seen one.');
  await ana.say('But the idea is right.');
  await ana.hears('Honest question before we show it to anybody: would you use this?');
  await cleo.say('I would cut four of the six.\nThe other two it can guess.');
  await ben.say('Then let us build that. Glad this is not going into anybody’s minutes.');
  await ana.hears('Then let us build that. Glad this is not going into anybody’s minutes.');
  await cleo.look('Incident 42');
  await cleo.say('The disk is full again.');
  await ben.composer.pressSequentially('And');
  await ana.page.getByTestId('typing').filter({ hasText: 'ben' }).waitFor();
  return ana;
}

type View = [name: string, setup: Setup, show: (setup: Setup) => Promise<Person>];

const wide = { width: 1280, height: 760 };

const views: View[] = [
  ['conversation', wide, talk],
  ['conversation-dark', { ...wide, scheme: 'dark' }, talk],
  ['phone', { width: 390, height: 780 }, talk],
  [
    'conversation-arabic',
    wide,
    async (setup) => {
      const ana = await talk(setup);
      await ana.page.mouse.move(640, 120); // away from the people, who show more under it
      await dress(ana, { language: 'ar' });
      return ana;
    },
  ],
  [
    'switcher',
    wide,
    async (setup) => {
      const ana = await talk(setup);
      await ana.page.keyboard.press('Control+KeyK');
      await ana.page.getByRole('dialog').getByRole('option').first().waitFor();
      return ana;
    },
  ],
  ['settings', wide, (setup) => section(setup, '/settings/appearance')],
  ['administration', wide, (setup) => section(setup, '/admin/users')],
];

/** A section of the settings or the administration. */
async function section(setup: Setup, path: string): Promise<Person> {
  const ana = await scene.person('ana', setup);
  await ana.visit(path);
  await ana.page.getByRole('heading', { level: 2 }).first().waitFor();
  // What it shows is asked for.
  await ana.page.waitForLoadState('networkidle');
  return ana;
}

for (const [name, setup, show] of views) {
  test(name, async () => {
    const ana = await show(setup);
    await ana.page.screenshot({ path: `${folder}${name}.png` });
  });
}
