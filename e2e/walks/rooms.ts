import { closeDialog } from '../harness/walk.ts';
import type { Step } from '../harness/walk.ts';

/** From the log-in into rooms, and what is done about them. */
export const rooms: readonly Step[] = [
  [
    'log-in',
    async (p) => {
      await p.visit('/login');
      await p.page.getByRole('heading', { name: 'Log in' }).waitFor();
    },
  ],
  [
    'a refused log-in',
    async (p) => {
      await p.submit({ Username: 'ana', Password: 'wrong' }, 'Log in');
      await p.page.getByRole('alert').first().waitFor();
    },
  ],
  [
    'sign-up',
    async (p) => {
      await p.visit('/signup');
      await p.submit({ Username: '<>', Password: '' }, 'Sign up');
      await p.page.getByRole('alert').first().waitFor();
    },
  ],
  [
    'the rooms',
    async (p) => {
      await p.logIn();
      await p.others.waitFor();
    },
  ],
  [
    'the door of a room',
    async (p) => {
      await p.visit('/rooms/kitchen');
      await p.page.getByRole('button', { name: 'Enter', exact: true }).waitFor();
    },
  ],
  [
    'a conversation',
    async (p) => {
      await p.page.getByRole('button', { name: 'Enter', exact: true }).click();
      await p.isIn('kitchen');
      await p.say('Good evening');
      await p.say(`https://example.org/${'a-very-long-address/'.repeat(20)}`);
      await p.say('w'.repeat(400));
    },
  ],
  [
    'the people',
    async (p) => {
      const people = p.page.getByRole('button', { name: /^People: / });
      if ((await people.getAttribute('aria-pressed')) !== 'true') await people.click();
      await p.page.getByTestId('occupants').waitFor();
    },
  ],
  [
    'the room menu',
    async (p) => {
      const back = p.page.getByRole('button', { name: 'Back to the conversation' });
      if (await back.isVisible()) await back.click();
      await p.page.getByRole('button', { name: 'Room menu' }).click();
      await p.page.getByRole('button', { name: 'Delete room' }).waitFor();
    },
  ],
  [
    'deleting a room',
    async (p) => {
      await p.page.getByRole('button', { name: 'Delete room' }).click();
      await p.page.getByRole('dialog').waitFor();
    },
  ],
  [
    'members',
    async (p) => {
      await closeDialog(p);
      await p.visit('/rooms/cellar');
      await p.page.getByRole('button', { name: 'Enter', exact: true }).click();
      await p.isIn('cellar');
      await p.roomMenu('Members');
      await p.page.getByTestId('members').waitFor();
    },
  ],
  [
    'creating a room',
    async (p) => {
      await closeDialog(p);
      await p.visit('/');
      await p.page.getByRole('button', { name: 'Create a room' }).first().click();
      await p.page.getByRole('dialog').waitFor();
      await p.page.getByRole('button', { name: 'Create room' }).click();
      await p.page.getByRole('alert').first().waitFor();
    },
  ],
  [
    'inviting',
    async (p) => {
      await closeDialog(p);
      await p.accountMenu('Invite people');
      await p.page.getByRole('button', { name: 'Make a link' }).click();
      await p.page.getByTestId('invitation').waitFor();
    },
  ],
  [
    'no such room',
    async (p) => {
      await closeDialog(p);
      await p.visit('/rooms/nowhere');
      await p.page.getByRole('heading', { name: 'There is no such room' }).waitFor();
    },
  ],
];
