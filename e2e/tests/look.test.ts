import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { isFocused } from '../harness/focus.ts';
import { amiss, overhang } from '../harness/look.ts';
import type { Person } from '../harness/person.ts';
import { password, Scene } from '../harness/scene.ts';
import { walk } from '../harness/walk.ts';
import { rooms } from '../walks/rooms.ts';

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

describe.each([
  { width: 1280, height: 800, widths: [1280, 1440, 768, 640] },
  { width: 320, height: 640, widths: [320] },
])('$width pixels wide', ({ widths, ...window }) => {
  test('every page can be read, by whatever means, in light and dark, and fits the window', async () => {
    const ben = await scene.person('ben');
    await ben.enter('kitchen');
    const ana = await scene.window('ana', window);
    await walk(ana, rooms, widths);
  });
});

test('nothing moves while a page is loaded', async () => {
  const ana = await scene.person('ana');
  await ana.enter('kitchen');
  await ana.context.addInitScript(() => {
    const moved: string[] = [];
    Object.assign(globalThis, { moved });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & {
        value: number;
        sources: { node?: Node }[];
      })[]) {
        const what = entry.sources.map(({ node }) =>
          (node instanceof Element ? node.outerHTML : '').slice(0, 99),
        );
        moved.push(`${entry.value.toFixed(4)}: ${what.join(', ')}`);
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
  for (const path of ['/rooms/kitchen', '/', '/settings/profile', '/privacy', '/admin/users']) {
    await ana.visit(path);
    await ana.page.getByRole('heading').first().waitFor();
    // What comes later than the rest has come by then.
    await ana.page.waitForLoadState('networkidle');
    const moved = await ana.page.evaluate(() => (globalThis as unknown as { moved: string[] }).moved);
    const sum = moved.reduce((all, one) => all + parseFloat(one), 0);
    expect.soft(sum, `${path}: ${moved.join('; ')}`).toBeLessThan(0.05);
  }
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
    await ana.undisturbed();
    await expect.poll(() => focused(create)).toBe(true);
  });
});

type Target = ReturnType<Person['page']['getByRole']>;

async function focused(target: Target): Promise<boolean> {
  return (await target.count()) > 0 && (await isFocused(target.first()));
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
