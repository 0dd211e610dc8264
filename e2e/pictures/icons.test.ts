// Draws the icons of the installed page from its mark: npm run pictures --workspace e2e -- icons
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, test } from 'vitest';
import type { Browser } from 'playwright-core';

import { launch } from '../harness/chrome.ts';

const from = fileURLToPath(new URL('../../web/public/', import.meta.url));

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
  await mkdir(`${from}icons`, { recursive: true });
});
afterAll(async () => {
  await browser.close();
});

/** How much of its width the mark takes: what a system cuts an icon to, is a circle of 80 % at least. */
const whole = 1;
const safe = 0.72;

test.each([
  { name: '180', size: 180, share: 0.8, full: true },
  { name: '192', size: 192, share: whole, full: false },
  { name: '512', size: 512, share: whole, full: false },
  { name: 'maskable-192', size: 192, share: safe, full: true },
  { name: 'maskable-512', size: 512, share: safe, full: true },
])('$name', async ({ name, size, share, full }) => {
  const mark = await readFile(`${from}favicon.svg`, 'utf8');
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const ground = /fill="(#[0-9a-f]{6})"/.exec(mark)?.[1] ?? '';
  await page.setContent(mark);
  await page.addStyleTag({
    content: `body { display: grid; place-items: center; height: 100vh; margin: 0; ${full ? `background: ${ground};` : ''} }
      svg { width: ${share * 100}%; }`,
  });
  await writeFile(`${from}icons/${name}.png`, await page.screenshot({ omitBackground: true }));
  await page.close();
});
