import en from './en/many';
import { catalog } from './language.svelte';

export const many = catalog('many', en);
