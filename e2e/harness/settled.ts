import type { Page } from 'playwright-core';

/** So long, in milliseconds, a page may take to become as it stays. */
const settling = 10_000;

/**
 * Looks at a page until no fault is found, or it is clear that it stays as it is, and gives what was found last. A page that
 * somebody has just done something with is on its way, the longer the slower the machine is: what is amiss for that moment is no
 * fault of it.
 */
export async function settled(page: Page, look: () => Promise<string[]>): Promise<string[]> {
  const end = performance.now() + settling;
  for (;;) {
    const faults = await look();
    if (faults.length === 0 || performance.now() > end) return faults;
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}
