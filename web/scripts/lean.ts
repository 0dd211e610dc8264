import type { Plugin } from 'vite';

/** What stands in a file of Svelte's, and what is put in its place. */
type Cut = readonly [from: string | RegExp, to: string];

/**
 * What Svelte's runtime has for pages that are not as this one is: it is drawn in the browser and takes over nothing that a
 * server drew; its components are all of the newer mode (runes), and none has `await` in it or a boundary for errors. Svelte
 * asks for that while the page runs, so that a bundler has to keep it: a tenth of the first load. Constants stand here where
 * Svelte has variables that are never set in such a page, and the bundler does the rest. A file that is not as it is known
 * here, and a component that needs what is gone, stop the build (docs/adr/0017-cutting-the-pages-runtime.md).
 */
const cuts: Readonly<Record<string, readonly Cut[]>> = {
  // Set by components of the older mode, and by `experimental.async`.
  'internal/flags/index.js': [
    [/export let (\w+) = false;/g, 'export const $1 = false;'],
    [/^\t\w+_mode_flag = \w+;$/gm, ''],
  ],
  // Set by hydrate().
  'internal/client/dom/hydration.js': [
    ['export let hydrating = false;', 'export const hydrating = false;'],
    ['\thydrating = value;', ''],
  ],
  // Without `experimental.async` there is one batch at a time: fork() throws, and apply() does nothing.
  'internal/client/reactivity/batch.js': [
    ['export let batch_values = null;', 'export const batch_values = null;'],
    [/^\t+batch_values = .*;$/gm, ''],
    [/^\tis_fork = false;$/m, ''],
    [/^\t+batch\.is_fork = (?:true|false);$/gm, ''],
  ],
  // Nothing in a template waits for a promise.
  'internal/client/reactivity/async.js': [
    ['blockers.filter((b) => !b.settled)', '[]'],
    [
      /if \(async\.length === 0 && pending\.length === 0\) \{\s*fn\(deriveds\);\s*return;\s*\}/,
      'return fn(deriveds);',
    ],
  ],
  // mount() stands the page in a boundary that catches nothing and has nothing to show meanwhile.
  'internal/client/render.js': [
    [
      "import { boundary } from './dom/blocks/boundary.js';",
      `import { EFFECT_PRESERVED, EFFECT_TRANSPARENT } from './constants.js';
import { block, branch } from './reactivity/effects.js';
const boundary = (anchor, _, children) =>
	block(() => { branch(() => children(anchor)); }, EFFECT_TRANSPARENT | EFFECT_PRESERVED);`,
    ],
  ],
  // The list is for spread attributes. A bundler does not know that making it does nothing else.
  'utils.js': [
    [/const DOM_PROPERTIES = \[([^\]]*)\];/, 'const DOM_PROPERTIES = /* @__PURE__ */ Array.of($1);'],
  ],
};

/** What these constants make of questions that are asked everywhere. */
const asked: readonly Cut[] = [
  [/\b(?:this|batch|current_batch)\??\.is_fork\b/g, 'false'],
  [/(?<!function )\bshould_defer_append\(\)/g, 'false'],
  [/(?<!function )\bis_runes\(\)/g, 'true'],
];

/** What a component is compiled to that does something only while a page is taken over. */
const hydration = /^\s*\$\.(?:reset|next)\([^()]*\);$/gm;

/** What a component is compiled to that needs something which is cut away here. */
const beyond =
  /\$\.(?:async|async_derived|boundary|init|legacy_\w+|mutable_source|pending|run|run_after_blockers|save|wait)\(/;

const ownFile = /[\\/]svelte[\\/]src[\\/]([^?]+\.js)$/;

function cut(file: string, code: string): string {
  let rest = code;
  for (const [from, to] of cuts[file] ?? []) {
    const without = rest.replace(from, to);
    if (without === rest) throw new Error(`Svelte's ${file} has no ${String(from)}: see scripts/lean.ts`);
    rest = without;
  }
  for (const [from, to] of asked) rest = rest.replace(from, to);
  return rest;
}

/** Takes out of Svelte's runtime what this page has no use for. */
export const lean: Plugin = {
  name: 'lean',
  apply: 'build',
  transform: {
    order: 'post',
    handler(code, id) {
      const file = ownFile.exec(id)?.[1]?.replaceAll('\\', '/');
      if (file !== undefined)
        return {
          code: cut(file, code),
          moduleSideEffects: file.startsWith('internal/client/dom') ? false : null,
        };
      if (!/\.svelte(?:\.ts)?$/.test(id)) return null;
      const found = beyond.exec(code);
      if (found) throw new Error(`${id} needs ${found[0]}…) of Svelte's runtime: see scripts/lean.ts`);
      return code.replace(hydration, '');
    },
  },
};
