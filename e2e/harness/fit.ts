import type { Page } from 'playwright-core';

import { settled } from './settled.ts';

/**
 * What does not fit the window, or what it stands in: elements beside the window, texts that are longer than their boxes and
 * not cut with an ellipsis, and targets smaller than 24 pixels (WCAG 2.2, 2.5.8), as it stays. Where a dialog or a menu is open that
 * is what is looked at. Looks at the page only and changes nothing.
 */
export async function unfit(page: Page): Promise<string[]> {
  return await settled(page, () => unfitNow(page));
}

/** What does not fit now, whether or not it stays so. */
export async function unfitNow(page: Page): Promise<string[]> {
  // The page gets the functions as text, because it has none of this file's.
  const parts = [faults, unseen, scrolled, overflows, small, spaced].map(String).join('\n');
  return await page.evaluate<string[]>(`(() => { ${parts}; return faults(); })()`);
}

function faults(): string[] {
  const found: string[] = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) found.push(`the page is ${wide} pixels wider than its window`);
  const place = document.querySelector('dialog:modal, :popover-open') ?? document.body;
  for (const element of place.querySelectorAll<HTMLElement>('*')) {
    if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const box = element.getBoundingClientRect();
    // What is drawn fits its frame.
    if (box.width === 0 || box.height === 0 || element.closest('svg, [inert]') || unseen(element)) continue;
    const beside = (box.left < -1 || box.right > innerWidth + 1) && !scrolled(element);
    const what = [
      beside && 'beside the window',
      overflows(element, box) && 'longer than its box',
      small(element, box) && 'smaller than 24 pixels',
    ].filter(Boolean);
    const at = [box.left, box.top, box.width, box.height].map((side) => Math.round(side)).join(' ');
    const tag = (element.cloneNode(false) as Element).outerHTML.slice(0, 200);
    if (what.length > 0) found.push(`${what.join(', ')}: ${tag} at ${at}`);
  }
  return found;
}

/** Whether it is there for those who listen only, no larger than a dot. */
function unseen(element: Element): boolean {
  for (let up: Element | null = element; up; up = up.parentElement)
    if (getComputedStyle(up).clipPath.startsWith('inset(50%')) return true;
  return false;
}

/** Whether it stands in something that is scrolled sideways. */
function scrolled(element: Element): boolean {
  for (let up = element.parentElement; up && up !== document.documentElement; up = up.parentElement)
    if (getComputedStyle(up).overflowX !== 'visible' && up.scrollWidth > up.clientWidth) return true;
  return false;
}

function overflows(element: HTMLElement, { left, right }: DOMRect): boolean {
  const { overflowX, textOverflow, display, whiteSpace } = getComputedStyle(element);
  if (display === 'inline' || textOverflow === 'ellipsis') return false;
  // A field and what is scrolled show what is in them bit by bit.
  if (element.matches('input, select, textarea, option') || ['auto', 'scroll'].includes(overflowX))
    return false;
  // A space that is kept hangs over the end of its line.
  const hangs = whiteSpace.startsWith('pre') || whiteSpace === 'break-spaces' ? 8 : 1;
  return [...element.childNodes].some((node) => {
    if (node.nodeType !== Node.TEXT_NODE || node.nodeValue?.trim() === '') return false;
    const range = new Range();
    range.selectNodeContents(node);
    const text = range.getBoundingClientRect();
    return text.left < left - hangs || text.right > right + hangs;
  });
}

function small(element: HTMLElement, { width, height }: DOMRect): boolean {
  if (!element.matches('button, [role=button], [role=switch], select, a[href], input')) return false;
  // What stands around it without being seen is pressed, too.
  const { position, width: wide, height: high } = getComputedStyle(element, '::after');
  const reach = (drawn: number, around: string): number =>
    position === 'absolute' ? Math.max(drawn, parseFloat(around) || 0) : drawn;
  if (reach(width, wide) >= 24 && reach(height, high) >= 24) return false;
  // What stands in a sentence is as high as its line; what has a label is pressed there.
  if (getComputedStyle(element).display === 'inline' || element.closest('label')) return false;
  return !spaced(element);
}

/** Whether a circle of 24 pixels around it touches no other target. */
function spaced(element: Element): boolean {
  const own = element.getBoundingClientRect();
  const [x, y] = [own.left + own.width / 2, own.top + own.height / 2];
  return [...document.querySelectorAll('button, a[href], input, select')].every((other) => {
    if (other === element || !other.checkVisibility()) return true;
    const { left, top, right, bottom } = other.getBoundingClientRect();
    const [nearX, nearY] = [Math.max(left, Math.min(x, right)), Math.max(top, Math.min(y, bottom))];
    return Math.hypot(nearX - x, nearY - y) >= 12;
  });
}
