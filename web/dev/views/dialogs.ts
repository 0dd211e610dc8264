import Help from '../../src/lib/compose/Help.svelte';
import JudgeDialog from '../../src/lib/moderate/JudgeDialog.svelte';
import OrderDialog from '../../src/lib/moderate/OrderDialog.svelte';
import GroupDialog from '../../src/lib/pages/admin/GroupDialog.svelte';
import NewBanDialog from '../../src/lib/pages/admin/NewBanDialog.svelte';
import NewUserDialog from '../../src/lib/pages/admin/NewUserDialog.svelte';
import OwnerDialog from '../../src/lib/pages/admin/OwnerDialog.svelte';
import UserDialog from '../../src/lib/pages/admin/UserDialog.svelte';
import DeviceDialog from '../../src/lib/pages/settings/DeviceDialog.svelte';
import ProofDialog from '../../src/lib/pages/settings/ProofDialog.svelte';
import Dialogs from '../../src/lib/ui/Dialogs.svelte';
import InviteDialog from '../../src/lib/ui/InviteDialog.svelte';
import MembersDialog from '../../src/lib/ui/MembersDialog.svelte';
import RoomDialog from '../../src/lib/ui/RoomDialog.svelte';
import { security, key } from '../answers';
import { Problem } from '../backend';
import { ben, cellar, kitchen, me, wordy } from '../people';
import Question from '../specimens/Question.svelte';
import { press, scene } from '../view';
import type { Scene, View } from '../view';

const link = {
  id: 'l',
  state: 'open',
  expires_at: new Date(Date.now() + 120_000).toISOString(),
  url: `https://chat.example.org/device#token=ed_${'Ab3'.repeat(14)}`,
  qr: key.qr,
} as const;

const nothing = (): void => undefined;
const onclose = nothing;

/** A dialog, which stands before the rest of the page: one at a time. */
const dialog = (id: string, show: () => Scene, more: Partial<View> = {}): View => ({
  id,
  whole: true,
  scenes: () => [show()],
  ...more,
});

const groups = [{ name: 'cooks', permissions: ['change_room', 'moderate_room'] }];
const send = (stage: HTMLElement): Promise<void> => press(stage, 'dialog [type=submit]');

/** What is asked before the rest goes on. */
export const dialogs: readonly View[] = [
  dialog('question', () => scene('a question', Question, {})),
  dialog(
    'question-refused',
    () => scene('a question that was answered in vain', Question, { refused: true }),
    {
      act: (stage) => press(stage, 'dialog .danger'),
    },
  ),
  dialog('create-room', () => scene('making a room', RoomDialog, { staff: true, onclose, ondone: nothing })),
  dialog(
    'create-room-refused',
    () => scene('refused', RoomDialog, { staff: false, onclose, ondone: nothing }),
    {
      answers: { 'POST /rooms': new Problem(422, 'invalid', 'name') },
      act: send,
    },
  ),
  dialog('change-room', () =>
    scene('changing a room', RoomDialog, { room: wordy, staff: true, onclose, ondone: nothing }),
  ),
  dialog('delete-room', () =>
    scene('deleting a room', Dialogs, {
      dialog: 'delete',
      room: kitchen,
      rules: true,
      staff: true,
      onclose,
      onmade: nothing,
      onchanged: nothing,
    }),
  ),
  dialog('members', () => scene('members', MembersDialog, { room: kitchen, rules: true, onclose })),
  dialog('members-unknown', () => scene('members', MembersDialog, { room: cellar, rules: false, onclose }), {
    answers: { 'GET /rooms/2/members': new Problem(500, 'internal') },
  }),
  dialog('invite', () => scene('inviting', InviteDialog, { onclose }), { act: send }),
  dialog(
    'judge',
    () => scene('keeping order with somebody', JudgeDialog, { room: kitchen, user: ben, onclose }),
    {
      act: (stage) => press(stage, '[value=mutes]'),
    },
  ),
  dialog('order', () => scene('keeping order', OrderDialog, { room: kitchen, onclose })),
  dialog('help', () => scene('what can be typed', Help, { onclose })),
  dialog('proof', () => {
    const props = { title: 'Remove', question: 'It is removed.', have: security, domain: '' };
    return scene('who is it', ProofDialog, { ...props, onproof: () => Promise.resolve(), onclose });
  }),
  dialog('device-link', () =>
    scene('a link for another device', DeviceDialog, { link, onagain: nothing, onclose }),
  ),
  dialog('device-link-asked', () => {
    const asked = {
      state: 'asked',
      device: 'Firefox on Android',
      address: '192.0.2.7',
      number: '47',
    } as const;
    return scene('another device asks', DeviceDialog, {
      link: { ...link, ...asked },
      onagain: nothing,
      onclose,
    });
  }),
  dialog('group', () =>
    scene('a group', GroupDialog, { group: groups[0] ?? null, me, onclose, onchange: nothing }),
  ),
  dialog(
    'new-group',
    () => scene('a new group', GroupDialog, { group: null, me, onclose, onchange: nothing }),
    {
      answers: { 'POST /groups': new Problem(422, 'invalid', 'name') },
      act: send,
    },
  ),
  dialog('new-user', () => scene('a new user', NewUserDialog, { me, groups, onclose, ondone: nothing })),
  dialog('new-ban', () => scene('a new ban, refused', NewBanDialog, { me, onclose, ondone: nothing }), {
    answers: { 'POST /bans': new Problem(422, 'invalid', 'username') },
    act: send,
  }),
  dialog('owner', () =>
    scene('whose a room is', OwnerDialog, {
      room: { ...kitchen, occupants: 3, owner_name: 'ana', created_at: '2026-03-01T12:00:00Z' },
      onclose,
      ondone: nothing,
    }),
  ),
  dialog('user', () => scene('a user', UserDialog, { name: 'ana', me, groups, onclose, onchange: nothing })),
  dialog('user-fixed', () =>
    scene('a user who is not to be changed', UserDialog, {
      name: 'ben',
      me,
      groups,
      onclose,
      onchange: nothing,
    }),
  ),
];
