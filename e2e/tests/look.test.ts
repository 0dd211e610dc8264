import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { amiss, overhang } from '../harness/look.ts';
import type { Person, Setup } from '../harness/person.ts';
import { password, Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben'], { EARSHOT_SIGN_UP: 'open' });
  const api = await scene.api('ana');
  for (const name of ['kitchen', 'garden', 'a-name-as-long-as-names-may-be-'.padEnd(80, 'x')]) {
    await api.createRoom({ name, topic: 'What is cooking, and who brings the bread? '.repeat(5).trim() });
  }
  await api.addMember(await api.createRoom({ name: 'cellar', access: 'private' }), 'ben');
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

type Step = [name: string, go: (person: Person) => Promise<void>];

async function closeDialog(person: Person): Promise<void> {
  const dialog = person.page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Close' }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** Through every page there is, in an order that a person could take. */
const walk: Step[] = [
  [
    'log-in',
    async (p) => {
      await p.visit('/login');
      await p.page.getByRole('heading', { name: 'Log in' }).waitFor();
    },
  ],
  [
    'a refused log-in',
    async (p) => {
      await p.submit({ Username: 'ana', Password: 'wrong' }, 'Log in');
      await p.page.getByRole('alert').first().waitFor();
    },
  ],
  [
    'sign-up',
    async (p) => {
      await p.visit('/signup');
      await p.submit({ Username: '<>', Password: '' }, 'Sign up');
      await p.page.getByRole('alert').first().waitFor();
    },
  ],
  [
    'the rooms',
    async (p) => {
      await p.logIn();
      await p.others.waitFor();
    },
  ],
  [
    'the door of a room',
    async (p) => {
      await p.visit('/rooms/kitchen');
      await p.page.getByRole('button', { name: 'Enter', exact: true }).waitFor();
    },
  ],
  [
    'a conversation',
    async (p) => {
      await p.page.getByRole('button', { name: 'Enter', exact: true }).click();
      await p.isIn('kitchen');
      await p.say('Good evening');
      await p.say(`https://example.org/${'a-very-long-address/'.repeat(20)}`);
      await p.say('w'.repeat(400));
    },
  ],
  [
    'the people',
    async (p) => {
      const people = p.page.getByRole('button', { name: /^People: / });
      if ((await people.getAttribute('aria-pressed')) !== 'true') await people.click();
      await p.page.getByTestId('occupants').waitFor();
    },
  ],
  [
    'the room menu',
    async (p) => {
      const back = p.page.getByRole('button', { name: 'Back to the conversation' });
      if (await back.isVisible()) await back.click();
      await p.page.getByRole('button', { name: 'Room menu' }).click();
      await p.page.getByRole('button', { name: 'Delete room' }).waitFor();
    },
  ],
  [
    'deleting a room',
    async (p) => {
      await p.page.getByRole('button', { name: 'Delete room' }).click();
      await p.page.getByRole('dialog').waitFor();
    },
  ],
  [
    'members',
    async (p) => {
      await closeDialog(p);
      await p.visit('/rooms/cellar');
      await p.page.getByRole('button', { name: 'Enter', exact: true }).click();
      await p.isIn('cellar');
      await p.roomMenu('Members');
      await p.page.getByTestId('members').waitFor();
    },
  ],
  [
    'creating a room',
    async (p) => {
      await closeDialog(p);
      await p.visit('/');
      await p.page.getByRole('button', { name: 'Create a room' }).first().click();
      await p.page.getByRole('dialog').waitFor();
      await p.page.getByRole('button', { name: 'Create room' }).click();
      await p.page.getByRole('alert').first().waitFor();
    },
  ],
  [
    'inviting',
    async (p) => {
      await closeDialog(p);
      await p.accountMenu('Invite people');
      await p.page.getByRole('button', { name: 'Make a link' }).click();
      await p.page.getByTestId('invitation').waitFor();
    },
  ],
  [
    'no such room',
    async (p) => {
      await closeDialog(p);
      await p.visit('/rooms/nowhere');
      await p.page.getByRole('heading', { name: 'There is no such room' }).waitFor();
    },
  ],
];

describe.each([
  { scheme: 'light', width: 1280 },
  { scheme: 'dark', width: 1280 },
  { scheme: 'light', width: 320, height: 640 },
  { scheme: 'dark', width: 320, height: 640 },
] satisfies Setup[])('in $scheme, $width pixels wide', (setup) => {
  test('every page can be read, by whatever means, and fits the window', async () => {
    const ben = await scene.person('ben');
    await ben.enter('kitchen');
    const ana = await scene.window('ana', setup);
    for (const [name, step] of walk) {
      await step(ana);
      expect.soft(await amiss(ana), name).toEqual([]);
      expect.soft(await overhang(ana), `${name} is wider than the window`).toBeLessThanOrEqual(0);
    }
  });
});

describe.each(['light', 'dark'] as const)('in %s', (scheme) => {
  test('so can the set-up of an empty server, and a page without its server', async () => {
    const empty = await Scene.set([]);
    try {
      const ana = await empty.window('ana', { scheme, width: 320, height: 640 });
      await ana.visit('/');
      await ana.page.getByRole('heading', { name: 'Set up this server' }).waitFor();
      expect.soft(await amiss(ana), 'set-up').toEqual([]);
      expect.soft(await overhang(ana), 'set-up is wider than the window').toBeLessThanOrEqual(0);
    } finally {
      await empty.clear();
      await empty.end();
    }
    const ben = await scene.person('ben', { scheme });
    await ben.enter('kitchen');
    await ben.say('before');
    await scene.server.stop();
    await ben.page.getByTestId('connection').getByText('Not connected').waitFor();
    expect.soft(await amiss(ben), 'not connected').toEqual([]);
    await scene.server.restart();
    await ben.connected();
  });
});

describe('without a mouse', () => {
  test('one logs in, enters a room, talks, and leaves', async () => {
    const ben = await scene.person('ben');
    await ben.enter('garden');
    const ana = await scene.window('ana');
    await ana.visit('/login');
    const { keyboard } = ana.page;
    await tabTo(ana, ana.page.getByLabel('Username', { exact: true }));
    await keyboard.type('ana');
    await tabTo(ana, ana.page.getByLabel('Password', { exact: true }));
    await keyboard.type(password);
    await keyboard.press('Enter');
    await ana.connected();
    await tabTo(ana, ana.others.getByRole('button', { name: 'garden' }));
    await keyboard.press('Enter');
    await ana.isIn('garden');
    // The caret is where one types.
    await expect.poll(() => focused(ana.composer)).toBe(true);
    await keyboard.type('by hand');
    await keyboard.press('Enter');
    await ben.hears('by hand');
    await tabTo(ana, ana.page.getByRole('button', { name: 'Room menu' }));
    await keyboard.press('Enter');
    await tabTo(ana, ana.page.getByRole('button', { name: 'Leave room' }));
    await keyboard.press('Enter');
    await ben.passage(/ana (left|came and went)/).waitFor();
    // A dialog gives the focus back to what opened it.
    const create = ana.page.getByRole('button', { name: 'Create a room' }).first();
    await tabTo(ana, create);
    await keyboard.press('Enter');
    await ana.page.getByRole('dialog').waitFor();
    await keyboard.press('Escape');
    await ana.page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => focused(create)).toBe(true);
  });
});

type Target = ReturnType<Person['page']['getByRole']>;

async function focused(target: Target): Promise<boolean> {
  return (
    (await target.count()) > 0 &&
    (await target.first().evaluate((element) => element === document.activeElement))
  );
}

/** Presses Tab until the focus is there; what has it on the way must be seen to have it. */
async function tabTo(person: Person, target: Target): Promise<void> {
  await target.first().waitFor();
  for (let presses = 0; presses < 60; presses++) {
    if (await focused(target)) return;
    await person.page.keyboard.press('Tab');
    const unseen = await person.page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return '';
      const { outlineStyle, boxShadow } = getComputedStyle(element);
      // A hidden radio button shows the focus at its label.
      const label = element.closest('label');
      const shown =
        outlineStyle !== 'none' ||
        boxShadow !== 'none' ||
        (label !== null && getComputedStyle(label).outlineStyle !== 'none');
      return shown || element.matches('textarea, input') ? '' : element.outerHTML;
    });
    expect(unseen).toBe('');
  }
  throw new Error(`the focus never came to ${String(target)}`);
}
