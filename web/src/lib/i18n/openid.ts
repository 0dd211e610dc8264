import { catalog } from './language.svelte';
import en from './en/openid';

export const openid = catalog('openid', en);
