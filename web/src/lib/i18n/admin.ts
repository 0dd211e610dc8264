import en from './en/admin';
import { catalog } from './language.svelte';

export const admin = catalog('admin', en);
