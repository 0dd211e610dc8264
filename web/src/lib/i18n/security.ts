import en from './en/security';
import { catalog } from './language.svelte';

export const security = catalog('security', en);
