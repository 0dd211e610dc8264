import type { Words } from '../language.svelte';

const files = import.meta.glob<Words>(['./*.ts', '!./index.ts', '!./plural.ts', '!./problems.ts'], {
  eager: true,
  import: 'default',
});

/** All areas in Arabic, each of a file of its name. */
export default Object.fromEntries(
  Object.entries(files).map(([path, words]) => [path.slice('./'.length, -'.ts'.length), words]),
);
