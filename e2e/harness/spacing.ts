import type { Page } from 'playwright-core';

import { unfitNow } from './fit.ts';

/** What does not fit, or is cut off, where a reader spaces the text out as far as it has to be borne (WCAG 2.2, 1.4.12). */
export async function unspaced(page: Page): Promise<string[]> {
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    // Of the letters' own size: what is given as a length here would be that of the root.
    sheet.replaceSync(
      '* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-block-end: 2em !important }',
    );
    Object.assign(globalThis, { spaced: sheet });
    document.adoptedStyleSheets.push(sheet);
  });
  await page.evaluate(() => new Promise(requestAnimationFrame));
  try {
    // A text that is longer than its box is not lost where nothing cuts it off.
    const beside = (await unfitNow(page)).filter((fault) => /beside the window|wider than/.test(fault));
    return [...beside, ...(await page.evaluate(cut))];
  } finally {
    await page.evaluate(() => {
      const { spaced } = globalThis as unknown as { spaced: CSSStyleSheet };
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== spaced);
    });
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

/** Texts that are cut off by something that cannot be scrolled, and without an ellipsis. */
function cut(): string[] {
  const place = document.querySelector('dialog:modal, :popover-open') ?? document.body;
  const found: string[] = [];
  const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (
      !element?.checkVisibility({ visibilityProperty: true }) ||
      walker.currentNode.nodeValue?.trim() === ''
    )
      continue;
    const range = new Range();
    range.selectNodeContents(walker.currentNode);
    const text = range.getBoundingClientRect();
    for (let up: HTMLElement | null = element; up && up !== document.body; up = up.parentElement) {
      const { overflowX, overflowY, textOverflow, clipPath } = getComputedStyle(up);
      // What is scrolled is not lost; nor what only those are to hear who listen, nor what is opened by a button.
      const opened = up.id !== '' && document.querySelector(`[aria-controls="${up.id}"]`) !== null;
      if (opened || textOverflow === 'ellipsis' || clipPath.startsWith('inset(')) break;
      if ([overflowX, overflowY].some((way) => way === 'auto' || way === 'scroll')) break;
      const box = up.getBoundingClientRect();
      const high = overflowY !== 'visible' && (text.top < box.top - 3 || text.bottom > box.bottom + 3);
      const wide = overflowX !== 'visible' && (text.left < box.left - 3 || text.right > box.right + 3);
      if (high || wide) {
        found.push(
          `cut off: ${(up.cloneNode(false) as Element).outerHTML.slice(0, 150)} with ${range.toString().slice(0, 60)}`,
        );
        break;
      }
    }
  }
  return found;
}
