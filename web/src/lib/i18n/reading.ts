import en from './en/reading';
import { catalog } from './language.svelte';

export const reading = catalog('reading', en);
