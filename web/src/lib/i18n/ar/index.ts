import type { Translation } from '../language.svelte';
import account from './account';
import admin from './admin';
import common from './common';
import dialogs from './dialogs';
import entry from './entry';
import kept from './kept';
import reading from './reading';
import settings from './settings';

/** All areas in Arabic. A test sees to it that none is missing. */
export default { account, admin, common, dialogs, entry, kept, reading, settings } satisfies Translation;
