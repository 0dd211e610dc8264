import { mount } from 'svelte';
import '../src/app.css';
import { speak } from '../src/lib/i18n/speak';
import { around, conversation, occupants, reading, writing } from '../src/lib/lazy.svelte';
import { parts } from '../src/lib/moderate/order.svelte';
import { preferences } from '../src/lib/preferences.svelte';
import { answerFetch } from './backend';
import Dev from './Dev.svelte';

// All that the page loads later is loaded first, so that each view is whole at once.
const later = import.meta.glob<unknown>([
  '../src/lib/**/*.svelte',
  '../src/lib/compose/emoji.ts',
  '../src/lib/markdown/highlight.ts',
]);

answerFetch();
const target = document.getElementById('app');
if (!target) throw new Error('There is no place for the parts.');
await Promise.all([
  ...Object.values(later).map((load) => load()),
  speak(preferences.get('language')),
  ...[around, conversation, occupants, parts, reading, writing].map((part) => part.load()),
]);
mount(Dev, { target });
