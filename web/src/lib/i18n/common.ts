import en from './en/common';
import { catalog } from './language.svelte';

export const common = catalog('common', en);
