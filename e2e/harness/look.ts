import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { AxeResults } from 'axe-core';

import type { Person } from './person.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe finds amiss on the page as it is now. */
export async function amiss(person: Person): Promise<string[]> {
  await person.page.evaluate(axe);
  const { violations } = await person.page.evaluate(async (runOnly) => {
    const { run } = (globalThis as unknown as { axe: { run: (options: object) => Promise<AxeResults> } }).axe;
    return await run({ runOnly });
  }, rules);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`),
  );
}

/** How far the page is wider than the window, in pixels. */
export async function overhang(person: Person): Promise<number> {
  return await person.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}
