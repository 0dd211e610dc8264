import { on } from 'svelte/events';

/** Selects the text of a message, and lets a finger change what is selected, which it does of no other, for as long as something is. */
export function choose(row: HTMLElement): void {
  const text = row.querySelector('[data-testid=message-text]');
  if (!text) return;
  row.dataset.choosing = '';
  getSelection()?.selectAllChildren(text);
  const off = on(document, 'selectionchange', () => {
    if (getSelection()?.isCollapsed === false) return;
    delete row.dataset.choosing;
    off();
  });
}
