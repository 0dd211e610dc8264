import { catalog } from './language.svelte';
import en from './en/talk';

export const talk = catalog('talk', en);
