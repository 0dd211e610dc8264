import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { dress } from '../harness/dress.ts';
import { unfit } from '../harness/fit.ts';
import { amiss, colours } from '../harness/look.ts';
import { Parts } from '../harness/parts.ts';
import { Scene } from '../harness/scene.ts';
import type { Person } from '../harness/person.ts';

const web = resolve(import.meta.dirname, '../../web');

/** By this the page of all parts is known: web/dev/Dev.svelte. */
const marker = 'earshot-dev-page';

/** Components that no view of web/dev shows, and why. */
const unseen: Record<string, string> = {
  'compose/Files.svelte': 'has no element: it hears what is pasted and dropped, and finish.test.ts does so',
  'notice/Swipes.svelte': 'has no element: it hears fingers, and around.test.ts swipes',
};

let scene: Scene;
let parts: Parts;
let ana: Person;
let views: string[];
/** The files that something was seen of. */
const seen = new Set<string>();
const walked = new Set<string>();

beforeAll(async () => {
  parts = await Parts.open();
  scene = await Scene.set([]);
  ana = await scene.window('ana');
  await ana.page.goto(`${parts.url}/dev/`);
  const options = ana.page.locator('[name=view] option');
  await options.nth(1).waitFor({ state: 'attached' });
  views = (await options.allTextContents()).slice(1);
});
afterAll(async () => {
  try {
    await scene.clear();
  } finally {
    await scene.end();
    await parts.close();
  }
});

/** Shows a view, and remembers which components something is seen of. */
async function show(view: string): Promise<void> {
  await ana.page.evaluate((id) => (location.hash = id), view);
  const page = ana.page.locator(`[data-testid=${marker}][data-ready=${view}]`);
  await page.waitFor({ state: 'attached' });
  expect.soft(await page.getAttribute('data-fault'), view).toBe('');
  walked.add(view);
  for (const file of await files()) seen.add(file);
}

/** Which files the elements of the page are from, and those that they stand in: Svelte tells while one develops. */
async function files(): Promise<string[]> {
  interface From {
    file?: string;
    parent?: From;
  }
  return await ana.page.evaluate(() => {
    const all = new Set<string>();
    for (const element of document.querySelectorAll('*')) {
      const { __svelte_meta: from } = element as { __svelte_meta?: { loc?: From; parent?: From } };
      if (from?.loc?.file) all.add(from.loc.file);
      for (let up = from?.parent; up; up = up.parent) if (up.file) all.add(up.file);
    }
    return [...all];
  });
}

/** Where a part stands in its page is the page's affair: look.test.ts and its siblings look at whole pages. */
const ofParts = (fault: string): boolean =>
  !/^(?:landmark-one-main|landmark-unique|page-has-heading-one|region|heading-order): /.test(fault);

const windows = [
  { width: 1280, height: 800 },
  { width: 320, height: 640 },
];

// A view has the same elements in every look: what is looked for in all of them is whether the colours do.
const count = 12;
test.each(Array.from({ length: count }, (_, part) => part))(
  'every component can be read in every look, and fits its place: part %i',
  async (part) => {
    for (const view of views.filter((_, at) => at % count === part)) {
      await show(view);
      expect.soft(await amiss(ana, ofParts), view).toEqual([]);
      for (const look of [{ theme: 'dark' }, { theme: 'contrast' }] as const) {
        await dress(ana, look);
        expect.soft(await colours(ana), `${view}, ${look.theme}`).toEqual([]);
      }
      for (const look of [{}, { language: 'ar' }] as const) {
        await dress(ana, look);
        for (const window of windows) {
          await ana.resize(window);
          const which = `${view}, ${window.width} pixels wide, ${JSON.stringify(look)}`;
          expect.soft(await unfit(ana.page), which).toEqual([]);
        }
        await ana.resize({ width: 1280, height: 800 });
      }
      await dress(ana, {});
    }
  },
);

test('every component is shown, or it is said why not', async () => {
  for (const view of views) if (!walked.has(view)) await show(view);
  const all = readdirSync(join(web, 'src/lib'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.svelte'));
  const missing = (): string[] => all.filter((path) => !seen.has(`src/lib/${path}`));
  // What was loaded too late to be seen is there at once when it is shown again.
  if (missing().length > Object.keys(unseen).length) for (const view of views) await show(view);
  expect(missing(), 'show it in web/dev/views, or say in this file why not').toEqual(Object.keys(unseen));
});

test('nothing of it is in what is released', async () => {
  const holders = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => readFileSync(path).includes(marker));
  expect(holders(Parts.folder)).not.toEqual([]);
  expect(holders(join(web, 'dist'))).toEqual([]);
  const answer = async (path: string): Promise<[number, string]> => {
    const { status, text } = await fetch(scene.server.url + path).then(async (got) => ({
      status: got.status,
      text: await got.text(),
    }));
    return [status, text];
  };
  const unknown = await answer('/nothing');
  for (const path of ['/dev', '/dev/']) expect(await answer(path)).toEqual(unknown);
  for (const path of ['/dev/index.html', '/dev/main.ts'])
    expect(await answer(path)).toEqual(await answer(path.replace('/dev/', '/nothing/')));
});
