import { asked } from '../../src/lib/moderate/order.svelte';
import ChatPage from '../../src/lib/pages/Chat.svelte';
import { Session } from '../../src/lib/state/session.svelte';
import Occupants from '../../src/lib/ui/Occupants.svelte';
import RoomsPane from '../../src/lib/ui/RoomsPane.svelte';
import { Problem, never } from '../backend';
import {
  arabic,
  ben,
  cellar,
  cleo,
  guest,
  inside,
  kitchen,
  maryam,
  office,
  rooms as all,
  server,
  wordy,
} from '../people';
import Around from '../specimens/Around.svelte';
import Place from '../specimens/Place.svelte';
import { Stage, fullTalk } from '../talk';
import { find, press, scene, settled } from '../view';
import type { Scene, View } from '../view';

const nothing = (): void => undefined;

/** The list of rooms, as somebody has it. */
function list(name: string, stage: Stage, current = 0): Scene {
  const does = { onenter: nothing, oncreate: nothing, oninvite: nothing, onlogout: nothing };
  return scene(name, RoomsPane, { chat: stage.chat, server, alone: false, current, ...does }, 40);
}

/** Somebody in all rooms, where things were said that were not looked at. */
function busy(): Stage {
  const stage = new Stage();
  for (const room of all) stage.enter(room);
  stage.chat.look(kitchen.id);
  for (let said = 0; said < 12; said++) stage.say(ben, 'Soup?', { room: cellar.id });
  stage.say(ben, '@ana soup?', { room: office.id });
  for (let said = 0; said < 1200; said++) stage.say(ben, '@ana soup?', { room: wordy.id });
  stage.frame({ type: 'closed', room: arabic.id, seq: 5000, at: Date.now() });
  stage.chat.choices.change({ pins: [cellar.id] });
  return stage;
}

/** Where there is no room, or one that one is not in. */
function door(name: string, room: string, fill?: (stage: Stage) => void): Scene {
  const stage = new Stage();
  fill?.(stage);
  return scene(name, Place, { chat: stage.chat, name: room });
}

/** The whole messenger, with a room before one's eyes. */
function messenger(): Scene[] {
  const stage = busy();
  fullTalk(stage, ben, cleo, maryam);
  return [scene('the messenger', ChatPage, { session: new Session(), server, chat: stage.chat })];
}

const at = `/rooms/${kitchen.name}`;

async function key(press: KeyboardEventInit): Promise<void> {
  document.body.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...press }));
  await settled(document.body);
}

const around = (): Scene[] => [
  scene('around', Around, { session: new Session(), server, chat: busy().chat }),
];

/** The rooms, the people in them, and the whole messenger. */
export const rooms: readonly View[] = [
  { id: 'messenger', whole: true, at, scenes: messenger },
  {
    id: 'messenger-order',
    whole: true,
    at,
    scenes: messenger,
    act: async (stage) => {
      await find(stage, '[data-testid=message]');
      asked.about(ben);
    },
  },
  {
    id: 'people',
    scenes: () => {
      const stage = new Stage();
      const many = stage.enter(kitchen, inside, 1204);
      return [
        scene('the people', Occupants, { chat: stage.chat, room: many, alone: false, onclose: nothing }, 30),
        scene(
          'of a room that is not heard',
          Occupants,
          { chat: stage.chat, room: { ...many, live: false }, alone: false, onclose: nothing },
          12,
        ),
      ];
    },
  },
  { id: 'room-list', scenes: () => [list('with what was not read', busy(), kitchen.id)] },
  {
    id: 'room-list-quiet',
    scenes: () => {
      const stage = new Stage(guest);
      stage.chat.setQuiet(true);
      stage.refuse(99, 'not_found');
      return [list('not to be disturbed, and a room that could not be entered', stage)];
    },
  },
  { id: 'no-rooms', answers: { 'GET /rooms': { rooms: [] } }, scenes: () => [list('no rooms', new Stage())] },
  {
    id: 'no-rooms-guest',
    answers: { 'GET /rooms': { rooms: [] } },
    scenes: () => [list('no rooms, for a guest', new Stage(guest)), door('no rooms, for a guest', '')],
  },
  {
    id: 'rooms-unknown',
    answers: { 'GET /rooms': new Problem(500, 'internal') },
    scenes: () => [list('the list cannot be had', new Stage()), door('nor what the room is', 'kitchen')],
  },
  {
    id: 'rooms-awaited',
    answers: { 'GET /rooms': never },
    scenes: () => [list('the list is awaited', new Stage())],
  },
  {
    id: 'account-menu',
    scenes: () => [list('one’s own menu', busy())],
    act: (stage) => press(stage, '[popovertarget].wide'),
  },
  {
    id: 'room-menu',
    scenes: () => [
      door('the menu of a room', kitchen.name, (stage) => stage.enter({ ...kitchen, access: 'private' })),
    ],
    act: (stage) => press(stage, '.header [popovertarget]'),
  },
  { id: 'door', scenes: () => [door('the door of a room', kitchen.name)] },
  { id: 'door-wordy', scenes: () => [door('the door of a room with a long name', wordy.name)] },
  { id: 'entering', scenes: () => [door('entering', kitchen.name, (stage) => stage.chat.enter(kitchen.id))] },
  {
    id: 'door-shut',
    scenes: () => [
      door('the door stays shut', kitchen.name, (stage) => stage.refuse(kitchen.id, 'forbidden')),
    ],
  },
  { id: 'no-such-room', scenes: () => [door('no such room', 'nowhere'.repeat(20))] },
  { id: 'no-room', scenes: () => [door('no room is chosen', '')] },
  { id: 'switcher', whole: true, scenes: around, act: () => key({ key: 'k', ctrlKey: true }) },
  { id: 'keys', whole: true, scenes: around, act: () => key({ key: '?', shiftKey: true }) },
];
