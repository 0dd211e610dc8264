import en from './en/settings';
import { catalog } from './language.svelte';

export const settings = catalog('settings', en);
