import type { Translation } from '../language.svelte';
import admin from './admin';
import around from './around';
import common from './common';
import dialogs from './dialogs';
import entry from './entry';
import kept from './kept';
import notice from './notice';
import reading from './reading';
import settings from './settings';

/** All areas in Arabic. A test sees to it that none is missing. */
export default {
  admin,
  around,
  common,
  dialogs,
  entry,
  kept,
  notice,
  reading,
  settings,
} satisfies Translation;
