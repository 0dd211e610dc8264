import en from './en/choices';
import { catalog } from './language.svelte';

export const choices = catalog('choices', en);
