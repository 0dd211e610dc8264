import { mount } from 'svelte';
import App from './App.svelte';
import './app.css';
import { speak } from './lib/i18n/speak';
import { preferences } from './lib/preferences.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('The page has no place for the app.');
// English is there already; another language is waited for, so that the page does not begin in the wrong one.
void speak(preferences.get('language')).then(() => mount(App, { target }));
