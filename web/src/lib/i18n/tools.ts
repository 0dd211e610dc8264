import { catalog } from './language.svelte';
import en from './en/tools';

/** What is said about messages and commands: it comes with what is loaded after the first painting. */
export const tools = catalog('tools', en);
