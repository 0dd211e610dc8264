import en from './en/around';
import { catalog } from './language.svelte';

export const around = catalog('around', en);
