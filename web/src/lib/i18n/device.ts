import en from './en/device';
import { catalog } from './language.svelte';

export const device = catalog('device', en);
