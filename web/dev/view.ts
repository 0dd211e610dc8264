import type { Component } from 'svelte';
import type { Answers } from './backend';

/** One component in one state. */
export interface Scene {
  /** What state it is. */
  name: string;
  show: Component;
  props: Record<string, unknown>;
  /** How high a component is made that fills what it stands in, in rem. */
  height?: number;
}

/** Some scenes that are looked at together, one below the other. */
export interface View {
  /** Its name in the address, after the `#`. */
  id: string;
  /** Makes the scenes; called each time that the view is shown. */
  scenes: () => Scene[];
  /** The only scene is as large as the window: a page, or a dialog. */
  whole?: boolean;
  /** Where the page believes itself to be meanwhile. */
  at?: string;
  /** There is a token behind its address, as in a link of a mail. */
  token?: boolean;
  /** What the server says here besides what it always says. */
  answers?: Answers;
  /** What somebody does there before it is looked at. */
  act?: (stage: HTMLElement) => unknown;
}

/** A component in a state, its properties checked. */
export function scene<Props extends object>(
  name: string,
  show: Component<Props>,
  props: NoInfer<Props>,
  height?: number,
): Scene {
  const plain = { name, show: show as unknown as Component, props: props as Record<string, unknown> };
  return height === undefined ? plain : { ...plain, height };
}

/** Resolves when nothing has changed below an element for a while: what is loaded is there, and what moves has come to rest. */
export async function settled(element: Node, quiet = 50): Promise<void> {
  await new Promise<void>((done) => {
    let timer = setTimeout(end, quiet);
    const observer = new MutationObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(end, quiet);
    });
    // A count that goes down is text, and never comes to rest.
    observer.observe(element, { childList: true, subtree: true });
    function end(): void {
      observer.disconnect();
      done();
    }
  });
}

/** The first element that a selector finds, as soon as there is one. */
export async function find(stage: ParentNode, selector: string): Promise<HTMLElement> {
  for (let tries = 0; tries < 100; tries++) {
    const found = stage.querySelector<HTMLElement>(selector);
    if (found) return found;
    await settled(document.body);
  }
  throw new Error(`nothing fits ${selector}`);
}

/** Presses what a selector finds, and lets the page do what it does then. */
export async function press(stage: HTMLElement, selector: string): Promise<void> {
  (await find(stage, selector)).click();
  await settled(document.body);
}

/** Types a text where a selector leads. */
export async function type(stage: HTMLElement, selector: string, text: string): Promise<void> {
  const box = (await find(stage, selector)) as HTMLInputElement | HTMLTextAreaElement;
  box.focus();
  box.setRangeText(text, 0, box.value.length, 'end');
  box.dispatchEvent(new InputEvent('input', { bubbles: true }));
  await settled(document.body);
}
