export { default as Blocks } from './Blocks.svelte';
export { default as MessageTools } from './MessageTools.svelte';
export { parse } from './parse';
