import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { AxeResults } from 'axe-core';

import type { Person } from './person.ts';
import { settled } from './settled.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface Rules {
  type: 'tag' | 'rule';
  values: string[];
}

async function found(person: Person, runOnly: Rules, matters: (fault: string) => boolean): Promise<string[]> {
  const { page } = person;
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  return await settled(page, async () => {
    const { violations } = await page.evaluate(async (only) => {
      const { run } = (globalThis as unknown as { axe: { run: (options: object) => Promise<AxeResults> } })
        .axe;
      return await run({ runOnly: only, resultTypes: ['violations'] });
    }, runOnly);
    const faults = violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`),
    );
    return faults.filter(matters);
  });
}

const all = (): boolean => true;

/** What axe finds amiss on the page as it stays, and matters. */
export async function amiss(person: Person, matters: (fault: string) => boolean = all): Promise<string[]> {
  return await found(person, { type: 'tag', values: rules }, matters);
}

/** What axe finds amiss with the colours of the page, which alone are others in another look. */
export async function colours(person: Person): Promise<string[]> {
  return await found(person, { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }, all);
}

/** How far the page is wider than the window as it stays, in pixels. */
export async function overhang(person: Person): Promise<number> {
  const { page } = person;
  let wider = 0;
  await settled(page, async () => {
    wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    return wider > 0 ? ['wider'] : [];
  });
  return wider;
}
