import en from './en/moderate';
import { catalog } from './language.svelte';

export const moderate = catalog('moderate', en);
