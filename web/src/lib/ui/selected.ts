import type { Span } from './rows.svelte';

/** How many rows a selection keeps at most. */
const most = 2000;

/** The rows that a selection of text reaches over, by the key of the row that a node is in; undefined where there is none. */
export function selected(keyAt: (node: Node | null) => number | undefined): Span | undefined {
  const selection = getSelection();
  if (!selection || selection.isCollapsed) return undefined;
  const ends = [keyAt(selection.anchorNode), keyAt(selection.focusNode)].filter((key) => key !== undefined);
  const [from, to] = [Math.min(...ends), Math.max(...ends)];
  return ends.length > 0 && to - from < most ? { from, to } : undefined;
}
