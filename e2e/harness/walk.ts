import { expect } from 'vitest';

import { dress } from './dress.ts';
import { unfit } from './fit.ts';
import { unfocused } from './focus.ts';
import { amiss, colours } from './look.ts';
import type { Person } from './person.ts';
import { unspaced } from './spacing.ts';

/** One stop on a way through the page: what it is called, and how one comes there from the stop before. */
export type Step = [name: string, go: (person: Person) => Promise<void>];

const allWidths = [1280, 1440, 768, 640, 320];

/** Goes a way, and looks at the page at each stop, in both looks, and at all widths at which it stays what it is. */
export async function walk(
  person: Person,
  steps: readonly Step[],
  widths: readonly number[] = allWidths,
): Promise<void> {
  await stopping(person, steps, (name) => looked(person, name, widths));
}

/** Goes a way, and does something at each stop that leaves the page as it is. */
export async function stopping(
  person: Person,
  steps: readonly Step[],
  stop: (name: string) => Promise<void>,
): Promise<void> {
  for (const [name, go] of steps) {
    await go(person);
    await stop(name);
  }
}

async function looked(person: Person, name: string, widths: readonly number[]): Promise<void> {
  const { page } = person;
  const nothing = async (what: Promise<string[]>, where: string): Promise<void> => {
    expect.soft(await what, `${name}${where}`).toEqual([]);
  };
  await nothing(amiss(person), '');
  await nothing(unfocused(page, 'forth'), ', by Tab');
  await dress(person, { theme: 'dark' });
  await nothing(colours(person), ', dark');
  await nothing(unfocused(page, 'back'), ', dark, by Shift+Tab');
  await dress(person, {});
  const window = page.viewportSize() ?? { width: 0, height: 0 };
  for (const width of widths) {
    await person.resize({ ...window, width });
    await nothing(unfit(page), `, ${width} pixels wide`);
  }
  await nothing(unspaced(page), `, ${widths.at(-1)} pixels wide, spaced out`);
  await person.resize(window);
}

/** Closes the dialog that is open. */
export async function closeDialog(person: Person): Promise<void> {
  await person.page.getByRole('dialog').getByRole('button', { name: 'Close' }).first().click();
  await person.undisturbed();
}
