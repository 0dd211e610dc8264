import { readFile } from 'node:fs/promises';
import type { Plugin } from 'vite';

const file = /[\\/]@lucide[\\/]svelte[\\/]dist[\\/]icons[\\/][\w-]+\.svelte$/;
const data = /const iconData = (\{.*\});/;

type Node = [tag: string, attributes: Record<string, string>];

/**
 * Makes each icon of Lucide a component of the SVG as it is written, with `size` for its only property. Lucide's own ones put
 * it together while the page runs, out of parts and for more properties than are used here: that costs two kilobytes of the
 * first load, and time in every list.
 */
export const icons: Plugin = {
  name: 'icons',
  enforce: 'pre',
  async load(id) {
    if (!file.test(id)) return null;
    const found = data.exec(await readFile(id, 'utf8'))?.[1];
    if (found === undefined) throw new Error(`${id} is no icon as Lucide wrote them: see scripts/icons.ts`);
    const { node } = JSON.parse(found) as { node: Node[] };
    const shapes = node.map(([tag, attributes]) => {
      const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${value}"`);
      return `<${tag}${written.join('')} />`;
    });
    return `<script>let { size = 24 } = $props();</script>
<svg class="lucide" width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor"
  stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${shapes.join('')}</svg>`;
  },
};
