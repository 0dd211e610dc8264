import MarkerRow from '../../src/lib/ui/MarkerRow.svelte';
import MessageRow from '../../src/lib/ui/MessageRow.svelte';
import PassageRow from '../../src/lib/ui/PassageRow.svelte';
import TypingLine from '../../src/lib/ui/TypingLine.svelte';
import type { Marker, Passage } from '../../src/lib/state/types';
import { ana, ben, cleo, kitchen, long, maryam } from '../people';
import { Stage, fullTalk } from '../talk';
import Place from '../specimens/Place.svelte';
import { find, press, scene, settled, type } from '../view';
import type { Scene, View } from '../view';

const base = { key: 1, at: Date.now(), newDay: false };

const markers: [Marker['what'], Partial<Marker>][] = [
  ['start', { names: ['ana', 'ben', long.name], count: 5 }],
  ['start', { names: [], count: 1 }],
  ['cleared', {}],
  ['reloaded', {}],
  ['lost', {}],
  ['gap', { count: 3 }],
  ['gap', { count: 0 }],
  ['away', {}],
  ['restart', {}],
  ['changed', { note: 'The kitchen – what is cooking?' }],
  ['closed', { note: 'The room was deleted.' }],
  ['removed', { note: 'You were asked to leave: you sing.' }],
];

const passages: [string, Partial<Passage>][] = [
  ['entered', { entered: [ben] }],
  ['left', { departed: [ben, cleo] }],
  ['came and went', { passing: [maryam], returned: [ana] }],
  ['a crowd', { entered: [ben, cleo, maryam, ana, long], moreEntered: 40, moreDeparted: 2 }],
];

const row = { user: ana, text: 'Who brings the bread?', at: Date.now(), head: true, own: true, heard: 2 };
const buttons = { onresend: () => undefined, ondiscard: () => undefined };

const stages: [string, Partial<Parameters<typeof MessageRow>[1]>][] = [
  ['somebody else’s', { user: ben, own: false, heard: -1 }],
  ['one’s own, heard by two', {}],
  ['in a group', { head: false }],
  ['heard by nobody', { heard: 0 }],
  ['on its way', { stage: 'sending' }],
  ['waits for its turn', { stage: 'waiting' }],
  ['waits for the connection', { stage: 'waiting', live: false }],
  ['failed', { stage: 'failed', error: 'The room is locked.' }],
  ['failed, and the room is over', { stage: 'failed', error: 'The room is over.', over: true }],
  ['by a long name', { user: long, own: false, heard: -1 }],
];

/** A conversation as its room shows it. */
function place(name: string, fill: (stage: Stage) => void, height = 45): Scene {
  const stage = new Stage();
  fill(stage);
  return scene(name, Place, { chat: stage.chat, name: kitchen.name }, height);
}

const entered = (stage: Stage): void => {
  stage.enter();
  stage.chat.look(kitchen.id);
  stage.say(ben, 'Who brings the bread?');
};

/** A conversation of which somebody does something with the last message. */
async function choose(stage: HTMLElement, step?: string): Promise<void> {
  await find(stage, '[data-testid=message]');
  const rows = [...stage.querySelectorAll<HTMLElement>('[data-testid=message]')];
  rows.at(-1)?.dispatchEvent(new PointerEvent('pointerover', { bubbles: true }));
  rows.at(-1)?.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
  rows.at(-1)?.focus();
  await settled(document.body);
  if (step) await press(stage, `[data-testid=message-tools] ${step}`);
}

/** A finger taps the last message but `back`. */
async function tap(stage: HTMLElement, back = 0): Promise<HTMLElement> {
  await find(stage, '[data-testid=message-tools], .plain');
  // What hears fingers has come by then.
  await settled(document.body);
  const row = [...stage.querySelectorAll<HTMLElement>('[data-testid=message]')].at(-1 - back);
  row?.dispatchEvent(
    new PointerEvent('pointerdown', { bubbles: true, pointerType: 'touch', isPrimary: true }),
  );
  row?.click();
  return await find(stage, '[data-testid=message-sheet]');
}

/** What is said, and where one says it. */
export const talk: readonly View[] = [
  {
    id: 'conversation',
    scenes: () => [place('everything that can be said', (stage) => fullTalk(stage, ben, cleo, maryam), 170)],
    act: (stage) => press(stage, '.spoiler'),
  },
  {
    id: 'rows',
    scenes: () => [
      ...stages.map(([name, more]) => scene(name, MessageRow, { ...row, ...buttons, ...more })),
      scene('several type', TypingLine, {
        typing: [ana, long].map((user) => ({ user, until: Date.now() + 1e6 })),
      }),
    ],
  },
  {
    id: 'markers',
    scenes: () => [
      ...markers.map(([what, more]) => {
        const marker: Marker = {
          ...base,
          kind: 'marker',
          what,
          until: base.at,
          count: 0,
          note: '',
          names: [],
          ...more,
        };
        return scene(what, MarkerRow, { marker });
      }),
      ...passages.map(([name, more]) => {
        const passage: Passage = {
          ...base,
          kind: 'passage',
          entered: [],
          departed: [],
          passing: [],
          returned: [],
          moreEntered: 0,
          moreDeparted: 0,
          until: base.at,
          ...more,
        };
        return scene(name, PassageRow, { passage });
      }),
    ],
  },
  {
    id: 'on-its-way',
    scenes: () => [
      place('not sent, and not heard', (stage) => {
        entered(stage);
        stage.drafts(
          { stage: 'taken', heard: 2 },
          { stage: 'sending' },
          { stage: 'waiting' },
          { stage: 'failed', error: 'Slowly.' },
        );
      }),
    ],
  },
  {
    id: 'disconnected',
    scenes: () => [
      place('the connection is lost', (stage) => {
        entered(stage);
        stage.become({ phase: 'waiting', until: Date.now() + 60_000, tries: 1, code: 1006 });
        stage.drafts({ stage: 'waiting' });
      }),
    ],
  },
  {
    id: 'missed',
    scenes: () => [
      place('what was missed', (stage) => {
        entered(stage);
        stage.miss(3, 'lost');
        stage.say(ben, 'And butter?');
        stage.miss('unknown', 'away');
        stage.say(ben, 'And salt?');
        stage.miss('unknown', 'restart');
      }),
    ],
  },
  {
    id: 'quiet-room',
    scenes: () => [
      place('nothing was said', (stage) => stage.enter()),
      place('nobody is here', (stage) => stage.enter(kitchen, [ana])),
    ],
  },
  {
    id: 'muted',
    scenes: () => [
      place('muted', (stage) => {
        entered(stage);
        stage.frame({ type: 'muted', room: kitchen.id, on: true, reason: 'You sing.' });
      }),
      place('slow', (stage) => stage.enter({ ...kitchen, slow_seconds: 30, owner: ben.id }), 25),
      place('locked', (stage) => stage.enter({ ...kitchen, locked: 'posts' }), 25),
    ],
  },
  {
    id: 'put-out',
    scenes: () =>
      (
        [
          ['kicked', { code: 'kicked', retry_ms: 60_000, reason: 'You sing.\nAnd it is late.' }],
          ['kicked, and free to come back', { code: 'kicked', retry_ms: 1 }],
          [
            'banned',
            { code: 'banned', retry_ms: 100_000_000, reason: 'It was said often enough. '.repeat(18) },
          ],
          ['banned for good', { code: 'banned' }],
          ['no member any more', { code: 'forbidden' }],
        ] as const
      ).map(([name, how]) =>
        place(
          name,
          (stage) => {
            entered(stage);
            stage.frame({ type: 'removed', room: kitchen.id, message: 'The server says why.', ...how });
          },
          30,
        ),
      ),
  },
  {
    id: 'over',
    scenes: () => [
      place('the room was deleted', (stage) => {
        entered(stage);
        stage.frame({ type: 'closed', room: kitchen.id, seq: 2, at: Date.now() });
      }),
    ],
  },
  {
    id: 'message-tools',
    scenes: () => [place('what can be done with a message', (stage) => fullTalk(stage, ben, cleo, maryam))],
    act: (stage) => choose(stage),
  },
  {
    id: 'message-sheet',
    scenes: () => [
      place('what a finger can do with a message', (stage) => fullTalk(stage, ben, cleo, maryam)),
    ],
    act: (stage) => tap(stage, 1),
  },
  {
    id: 'take-back-sheet',
    scenes: () => [
      place('taking a message back by finger', (stage) => {
        entered(stage);
        stage.say(ana, 'And who brings the butter?', { at: Date.now() });
      }),
    ],
    act: async (stage) => {
      await tap(stage);
      await press(stage, '[data-testid=message-sheet] .danger');
    },
  },
  {
    id: 'reaction',
    scenes: () => [place('choosing an emoji for a message', entered)],
    act: (stage) => choose(stage, '[aria-haspopup=dialog]'),
  },
  {
    id: 'answer',
    scenes: () => [place('answering a message', entered)],
    act: (stage) => choose(stage, '.ahead'),
  },
  {
    id: 'emoji',
    scenes: () => [place('choosing an emoji', entered)],
    act: (stage) => press(stage, '.composer [aria-haspopup=dialog]'),
  },
  {
    id: 'suggestions',
    scenes: () => [place('completing a name', entered)],
    act: (stage) => type(stage, '[data-testid=composer]', 'Good morning @'),
  },
  {
    id: 'long-message',
    scenes: () => [place('longer than a message may be', entered)],
    act: (stage) => type(stage, '[data-testid=composer]', 'longer than it may be '.repeat(30)),
  },
  {
    id: 'unknown-command',
    scenes: () => [place('a command that there is not', entered)],
    act: async (stage) => {
      await type(stage, '[data-testid=composer]', '/dance wildly');
      ((await find(stage, '.composer')) as HTMLFormElement).requestSubmit();
      await settled(document.body);
    },
  },
  {
    id: 'search',
    scenes: () => [place('looking for something that was said', entered)],
    act: async (stage) => {
      await press(stage, '.search');
      await type(stage, '[data-testid=search] input', 'bread');
    },
  },
];
