import type { Locator } from 'playwright-core';

import type { Person } from './person.ts';

/** What the accessibility tree says of one element: what a screen reader is told. */
export interface Node {
  role: string;
  name: string;
  description: string;
  /** States and properties, such as `invalid`, `expanded`, `live`: those that are said. */
  is: Record<string, unknown>;
}

/** The node of an element in the tree that Chromium gives to screen readers. */
export async function heardOf(person: Person, target: Locator): Promise<Node> {
  const mark = 'data-heard';
  await target.evaluate((element, name) => {
    element.setAttribute(name, '');
  }, mark);
  const cdp = await person.context.newCDPSession(person.page);
  try {
    const { result } = await cdp.send('Runtime.evaluate', {
      expression: `document.querySelector('[${mark}]')`,
    });
    if (result.objectId === undefined) throw new Error('the element is gone');
    const { nodes } = await cdp.send('Accessibility.getPartialAXTree', {
      objectId: result.objectId,
      fetchRelatives: false,
    });
    const [node] = nodes;
    const text = (value: { value?: unknown } | undefined): string =>
      typeof value?.value === 'string' ? value.value : '';
    return {
      role: text(node?.role),
      name: text(node?.name),
      description: text(node?.description),
      is: Object.fromEntries((node?.properties ?? []).map(({ name, value }) => [name, value.value])),
    };
  } finally {
    await target.evaluate((element, name) => {
      element.removeAttribute(name);
    }, mark);
    await cdp.detach();
  }
}
