import type { Locator } from 'playwright-core';

/** Notes from now on what an attribute of an element becomes, or its text: for what stays for a moment only. Gives all that was noted. */
export async function noted(target: Locator, attribute = ''): Promise<() => Promise<string[]>> {
  const all = await target.evaluateHandle((element, name) => {
    const seen: string[] = [];
    const look = (): void => {
      const now = (name === '' ? element.textContent : element.getAttribute(name)) ?? '';
      if (now !== seen.at(-1)) seen.push(now);
    };
    look();
    const what = { attributes: true, childList: true, characterData: true, subtree: true };
    new MutationObserver(look).observe(element, what);
    return seen;
  }, attribute);
  return () => all.jsonValue();
}
