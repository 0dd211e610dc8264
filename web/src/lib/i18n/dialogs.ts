import en from './en/dialogs';
import { catalog } from './language.svelte';

export const dialogs = catalog('dialogs', en);
