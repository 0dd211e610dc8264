export { default as Blocks } from './Blocks.svelte';
export { default as MessageTools } from './MessageTools.svelte';
export { default as Marks } from '../said/Marks.svelte';
export { default as Quote } from '../said/Quote.svelte';
export { default as PassageRow } from '../ui/PassageRow.svelte';
export { parse } from './parse';
