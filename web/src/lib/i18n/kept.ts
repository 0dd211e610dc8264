import en from './en/kept';
import { catalog } from './language.svelte';

export const kept = catalog('kept', en);
