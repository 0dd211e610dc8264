import en from './en/standing';
import { catalog } from './language.svelte';

export const standing = catalog('standing', en);
