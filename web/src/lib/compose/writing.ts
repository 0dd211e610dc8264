export { Assist } from './assist.svelte';
export { default as EmojiPicker } from './EmojiPicker.svelte';
export { default as Help } from './Help.svelte';
export { default as Suggestions } from './Suggestions.svelte';
export { translated } from './emoji';
export { insert, inFence, shortcut } from './format';
export { intended, run } from './slash';
