import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { amiss } from '../harness/look.ts';
import type { Person } from '../harness/person.ts';
import { Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana']);
  await (await scene.api('ana')).createRoom({ name: 'kitchen' });
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

/** The addresses of all that the page's worker has kept. */
async function files(person: Person): Promise<string[]> {
  return await person.page.evaluate(async () => {
    const found: string[] = [];
    for (const name of await caches.keys())
      for (const { url } of await (await caches.open(name)).keys()) found.push(new URL(url).pathname);
    return found.sort();
  });
}

const worker = async (person: Person): Promise<boolean> =>
  await person.page.evaluate(() => navigator.serviceWorker.controller !== null);

test('without a network the page opens, says so, and goes on when it is back', async () => {
  const ana = await scene.person('ana', { worker: true });
  await ana.enter('kitchen');
  await ana.say('kept nowhere');
  await expect.poll(() => worker(ana)).toBe(true);
  // Only what the page opens with; nothing of the API.
  const kept = await files(ana);
  expect(kept).toContain('/');
  for (const file of kept) expect(file).toMatch(/^\/($|assets\/|icons\/|theme\.js|favicon\.svg|manifest)/);
  // All that it runs and is styled by: what index.html names.
  const index = await (await fetch(scene.server.url)).text();
  const named = [...index.matchAll(/<(?:script|link rel="stylesheet")[^>]*\s(?:src|href)="([^"]+)"/g)];
  expect(named.length).toBeGreaterThan(2);
  for (const [, file] of named) expect(kept).toContain(file);
  await ana.context.setOffline(true);
  await ana.page.goto(`${scene.server.url}/rooms/kitchen`);
  await ana.page.getByRole('heading', { name: 'You are offline' }).waitFor();
  expect(await amiss(ana)).toEqual([]);
  await ana.context.setOffline(false);
  await ana.connected();
  await ana.isIn('kitchen');
  expect(await ana.kept()).not.toContain('kept nowhere');
  await expect.poll(() => files(ana)).toEqual(kept);
});

test('who does not want it has no files kept', async () => {
  const ana = await scene.person('ana', { worker: true });
  await expect.poll(() => worker(ana)).toBe(true);
  await ana.visit('/settings/privacy');
  await ana.page.getByRole('switch', { name: 'Keep the page’s own files' }).click();
  await expect.poll(() => files(ana)).toEqual([]);
  await expect
    .poll(() => ana.page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length))
    .toBe(0);
});

test('it can be installed: the manifest and its icons are there', async () => {
  const ana = await scene.window('ana');
  await ana.visit('/login');
  const found = await ana.page.evaluate(async () => {
    const link = document.querySelector<HTMLLinkElement>('link[rel=manifest]');
    const manifest = (await (await fetch(link?.href ?? '')).json()) as {
      icons: { src: string; sizes: string; type: string; purpose?: string }[];
    };
    return await Promise.all(
      manifest.icons.map(async ({ src, sizes, type, purpose = 'any' }) => {
        const image = new Image();
        image.src = src;
        await image.decode();
        const answer = await fetch(src);
        return {
          purpose,
          right: type === answer.headers.get('content-type'),
          size: type === 'image/png' ? `${image.naturalWidth}x${image.naturalHeight}` : 'any',
          sizes,
        };
      }),
    );
  });
  for (const icon of found) expect(icon).toMatchObject({ right: true, size: icon.sizes });
  expect(found.map(({ purpose, sizes }) => `${purpose} ${sizes}`)).toEqual(
    expect.arrayContaining(['any 192x192', 'any 512x512', 'maskable 512x512']),
  );
});
