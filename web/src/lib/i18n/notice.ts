import en from './en/notice';
import { catalog } from './language.svelte';

export const notice = catalog('notice', en);
