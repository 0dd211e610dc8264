import { join } from 'node:path';

import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { chrome, flags } from '../harness/chrome.ts';
import { Disk } from '../harness/disk.ts';
import { amiss, overhang } from '../harness/look.ts';
import type { Person } from '../harness/person.ts';
import { password, Scene } from '../harness/scene.ts';

/** Words that stand nowhere else, by what became of them. */
const canaries = {
  said: 'canary-said-4e9a2b',
  heard: 'canary-heard-81c07d',
  typed: 'canary-typed-b35f60',
  elsewhere: 'canary-elsewhere-d02c18',
  unsent: 'canary-unsent-6a7e93',
  late: 'canary-late-f814ac',
} as const;

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben']);
  const api = await scene.api('ana');
  await api.createRoom({ name: 'aviary' });
  await api.createRoom({ name: 'nest' });
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

/** A browser whose profile is in a folder. It notes what the page before left to each page in its session storage. */
async function live(profile: string): Promise<{ context: BrowserContext; page: Page }> {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chrome(),
    headless: true,
    args: flags,
  });
  await context.addInitScript(() => {
    (globalThis as unknown as { left: string }).left = JSON.stringify(Object.entries(sessionStorage));
  });
  return { context, page: context.pages()[0] ?? (await context.newPage()) };
}

const connected = async (page: Page): Promise<void> => {
  await page.locator('[data-testid=chat][data-connection=open]').waitFor();
};

const message = (page: Page, text: string): ReturnType<Page['getByText']> =>
  page.getByTestId('message').getByText(text, { exact: true });

async function say(page: Page, text: string): Promise<void> {
  await page.getByTestId('composer').fill(text);
  await page.getByTestId('composer').press('Enter');
}

/** Logs in, talks, and leaves a draft in one room and another in the next. */
async function talk(page: Page, ben: Person): Promise<void> {
  await page.goto(`${scene.server.url}/login`);
  await page.getByLabel('Username', { exact: true }).fill('ana');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByTestId('rooms-others').getByRole('button', { name: 'nest' }).click();
  await page.getByTestId('composer').pressSequentially(canaries.elsewhere);
  await page.getByTestId('rooms-others').getByRole('button', { name: 'aviary' }).click();
  await page.getByRole('heading', { level: 1, name: 'aviary' }).waitFor();
  await say(page, canaries.said);
  await ben.hears(canaries.said);
  await ben.say(canaries.heard);
  await message(page, canaries.heard).waitFor();
  await page.getByTestId('composer').pressSequentially(canaries.typed);
}

/** Says something that does not get out, because there is no server. */
async function sayInVain(page: Page): Promise<void> {
  await scene.server.stop('SIGKILL');
  await page.locator('[data-testid=chat]:not([data-connection=open])').waitFor();
  await say(page, canaries.unsent);
  await message(page, canaries.unsent).waitFor();
}

/** Everything that a page can ask its browser to keep. */
async function kept(page: Page): Promise<string> {
  return await page.evaluate(async () =>
    JSON.stringify({
      left: (globalThis as unknown as { left: string }).left,
      local: Object.entries(localStorage),
      session: Object.entries(sessionStorage),
      state: history.state as unknown,
      address: location.href,
      title: document.title,
      cookie: document.cookie,
      databases: (await indexedDB.databases()).map(({ name }) => name),
      caches: await caches.keys(),
      workers: (await navigator.serviceWorker.getRegistrations()).length,
    }),
  );
}

function holdsNothing(text: string): void {
  for (const canary of Object.values(canaries)) expect(text).not.toContain(canary);
}

/** A field as careless pages have, beside the others: when the browser has kept it, it has kept what there was to keep. */
async function carelessField(page: Page, disk: Disk, text: string): Promise<void> {
  await page.evaluate(() => {
    const field = document.createElement('textarea');
    field.setAttribute('aria-label', 'Careless');
    document.body.append(field);
  });
  await page.getByLabel('Careless').pressSequentially(text);
  await expect.poll(() => disk.whatHolds(text)).not.toEqual([]);
}

test('a browser keeps nothing that was said, heard or typed, over reloads and restarts', async () => {
  const disk = await Disk.make();
  try {
    const ben = await scene.person('ben');
    await ben.enter('aviary');
    const profile = join(disk.folder, 'profile');

    let { context, page } = await live(profile);
    await talk(page, ben);
    holdsNothing(await kept(page));
    await carelessField(page, disk, 'careless-draft');
    // A page that is loaded anew goes on with its session: for that moment the storage of the tab is used.
    await page.reload();
    await connected(page);
    expect(await kept(page)).toContain('earshot.session');
    holdsNothing(await kept(page));
    await ben.say(canaries.late);
    await message(page, canaries.late).waitFor();
    await page.getByTestId('composer').pressSequentially(canaries.typed);
    await page.goto('about:blank');
    await page.goBack();
    await connected(page);
    holdsNothing(await kept(page));
    await sayInVain(page);
    holdsNothing(await kept(page));
    await context.close();

    await scene.server.restart();
    ({ context, page } = await live(profile));
    await page.goto(`${scene.server.url}/rooms/aviary`);
    await connected(page);
    await page.getByTestId('composer').pressSequentially(canaries.typed);
    await carelessField(page, disk, 'careless-again');
    holdsNothing(await kept(page));
    await context.close();

    await disk.close();
    // Addresses and titles are in the history: what stands in them is kept.
    for (const control of ['/rooms/aviary', 'aviary · ', 'careless-draft', 'careless-again'])
      expect(await disk.whatHolds(control), control).not.toEqual([]);
    for (const canary of Object.values(canaries)) expect(await disk.whatHolds(canary)).toEqual([]);
  } finally {
    await disk.end();
  }
});

test.each([
  { scheme: 'light', width: 1280 },
  { scheme: 'dark', width: 1280 },
  { scheme: 'light', width: 320 },
  { scheme: 'dark', width: 390 },
] as const)('what is kept can be looked up, $scheme at $width px', async (setup) => {
  const ben = await scene.window('ben', { ...setup, height: 760 });
  await ben.visit('/login');
  await ben.page.getByRole('link', { name: 'What is kept' }).click();
  await ben.page.getByRole('heading', { level: 1, name: 'What is kept' }).waitFor();
  expect(new URL(ben.page.url()).pathname).toBe('/privacy');
  await expect.poll(() => ben.page.title()).toContain('What is kept');
  // The server's own settings, as they are by default.
  await expect.poll(() => ben.page.getByTestId('window').innerText()).toBe('1 minute');
  await expect.poll(() => ben.page.getByTestId('grace').innerText()).toBe('10 seconds');
  expect(await amiss(ben)).toEqual([]);
  expect(await overhang(ben)).toBe(0);
  await ben.page.getByRole('link', { name: 'Log in' }).click();
  await ben.submit({ Username: 'ben', Password: password }, 'Log in');
  await ben.connected();
  if (setup.width > 800) {
    await ben.enter('aviary');
    const ana = await scene.person('ana');
    await ana.enter('aviary');
    await ben.page.getByRole('button', { name: /^Your account/ }).click();
    await ben.page.getByRole('link', { name: 'What is kept' }).click();
    await ben.page.getByRole('link', { name: 'Back to the rooms' }).waitFor();
    expect(await amiss(ben)).toEqual([]);
    // One goes on hearing meanwhile, and has not read it.
    await ana.say(`while away, ${setup.scheme}`);
    await ben.page.getByRole('link', { name: 'Back to the rooms' }).click();
    await expect.poll(() => ben.unread('aviary')).toBe(1);
    await ben.look('aviary');
    await ben.hears(`while away, ${setup.scheme}`);
  }
});
