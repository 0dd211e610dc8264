import en from './en/entry';
import { catalog } from './language.svelte';

export const entry = catalog('entry', en);
