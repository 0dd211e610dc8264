import en from './en/account';
import { catalog } from './language.svelte';

export const account = catalog('account', en);
