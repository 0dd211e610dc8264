import en from './en/keeping';
import { catalog } from './language.svelte';

export const keeping = catalog('keeping', en);
