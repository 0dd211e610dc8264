import type { Connection } from '../../src/lib/client/link';
import Banner from '../../src/lib/ui/Banner.svelte';
import ThemeSwitch from '../../src/lib/ui/ThemeSwitch.svelte';
import { ana, hello } from '../people';
import Buttons from '../specimens/Buttons.svelte';
import Choices from '../specimens/Choices.svelte';
import Emptiness from '../specimens/Emptiness.svelte';
import Faces from '../specimens/Faces.svelte';
import Fields from '../specimens/Fields.svelte';
import Gone from '../specimens/Gone.svelte';
import Opened from '../specimens/Opened.svelte';
import Texts from '../specimens/Texts.svelte';
import { press, scene } from '../view';
import type { View } from '../view';

/** How it can stand with the connection, and what that is called here. */
const connections = (): [string, Connection][] => [
  ['connecting', { phase: 'connecting', tries: 0 }],
  ['connecting again', { phase: 'connecting', tries: 3 }],
  ['open', { phase: 'open', hello: hello(ana) }],
  ['lost', { phase: 'waiting', until: Date.now() + 60_000, tries: 1, code: 1006 }],
  ['the server restarts', { phase: 'waiting', until: Date.now() + 60_000, tries: 1, code: 1001 }],
  ['never reached', { phase: 'waiting', until: Date.now() + 60_000, tries: 4, code: 0 }],
  ['logged out', { phase: 'ended', why: 'login', code: 4401 }],
  ['given up', { phase: 'ended', why: 'never', code: 4400 }],
];

/** What the rest is made of. */
export const basics: readonly View[] = [
  {
    id: 'basics',
    scenes: () => [
      scene('buttons', Buttons, {}),
      scene('texts', Texts, {}),
      scene('choices and switches', Choices, {}),
      scene('light or dark', ThemeSwitch, {}),
      scene('faces and the mark', Faces, {}),
      scene('a part that could not be loaded', Gone, {}),
    ],
  },
  { id: 'fields', scenes: () => [scene('fields', Fields, {})] },
  {
    id: 'menu',
    scenes: () => [scene('a menu', Opened, {})],
    act: (stage) => press(stage, '[popovertarget]'),
  },
  {
    id: 'connection',
    scenes: () =>
      connections().map(([name, connection]) =>
        scene(name, Banner, { connection, onretry: () => undefined }),
      ),
  },
  { id: 'empty', whole: true, scenes: () => [scene('empty', Emptiness, {})] },
  { id: 'empty-bare', whole: true, scenes: () => [scene('empty', Emptiness, { bare: true })] },
];
