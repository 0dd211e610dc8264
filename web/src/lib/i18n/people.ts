import en from './en/people';
import { catalog } from './language.svelte';

export const people = catalog('people', en);
