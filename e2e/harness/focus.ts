import type { Locator, Page } from 'playwright-core';

/** Whether it has the focus. */
export async function isFocused(target: Locator): Promise<boolean> {
  return await target.evaluate((element) => element === document.activeElement);
}

/**
 * What can have the focus and does not show it, by an outline or a shadow that it, its label or its frame has only then (WCAG 2.2,
 * 2.4.7), or is hidden by something else when it has it (2.4.11). Where a dialog or a menu is open that is what is looked at.
 * It goes there by Tab, or by Shift+Tab: what stands above when the page is scrolled up to it is not what stands below. The
 * focus is where it was when this is done.
 */
export async function unfocused(page: Page, way: 'forth' | 'back'): Promise<string[]> {
  const parts = [faults, frames, covered].map(String).join('\n');
  // Only what is reached by keys has to show it.
  await page.keyboard.press('F8');
  return await page.evaluate<string[]>(`(() => { ${parts}; return faults('${way}'); })()`);
}

function faults(way: string): string[] {
  const focusable =
    'a[href], button:enabled, input:enabled:not([type=hidden]), select:enabled, textarea:enabled, summary, [tabindex="0"]';
  const open = [...document.querySelectorAll('dialog:modal, :popover-open')].at(-1);
  const before = document.activeElement;
  // What has it already would look the same with it.
  if (before instanceof HTMLElement) before.blur();
  const found: string[] = [];
  const all = [...(open ?? document.body).querySelectorAll<HTMLElement>(focusable)];
  for (const element of way === 'back' ? all.reverse() : all) {
    if (element.tabIndex < 0 || element.closest('[inert]') || !element.checkVisibility()) continue;
    const target = element.closest('label') ?? element;
    const plain = frames(target);
    element.focus({ focusVisible: true });
    // Some hand it on to another.
    if (document.activeElement !== element) continue;
    const what = [
      frames(target).every((frame, at) => frame === '' || frame === plain[at]) && 'shows no focus',
      covered(target) && 'is hidden when it has the focus',
    ].filter(Boolean);
    element.blur();
    if (what.length > 0)
      found.push(`${what.join(', ')}: ${(element.cloneNode(false) as Element).outerHTML.slice(0, 200)}`);
  }
  if (before instanceof HTMLElement) before.focus();
  return found;
}

/** What is drawn around it, around the parts of a label, and around the three that it stands in; empty for nothing. */
function frames(element: Element): string[] {
  const parts = element.matches('label') ? [element, ...element.querySelectorAll('*')] : [element];
  for (let up = element.parentElement, left = 3; up && left > 0; up = up.parentElement, left--)
    parts.push(up);
  return parts.map((part) => {
    const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(part);
    const outline =
      outlineStyle === 'none' || outlineWidth === '0px' ? '' : `${outlineWidth} ${outlineColor}`;
    return outline + (boxShadow === 'none' ? '' : boxShadow);
  });
}

/** Whether nothing of it can be seen, for what stands before it or because it is beside the window. */
function covered(element: Element): boolean {
  const { left, top, width, height } = element.getBoundingClientRect();
  return [0.1, 0.5, 0.9].every((part) =>
    [0.2, 0.5, 0.8].every((down) => {
      const seen = document.elementFromPoint(left + part * width, top + down * height);
      return seen === null || !(element.contains(seen) || (seen.contains(element) && seen !== document.body));
    }),
  );
}
