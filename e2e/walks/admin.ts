import type { Person } from '../harness/person.ts';
import type { Step } from '../harness/walk.ts';

const section = async (p: Person, id: string): Promise<void> => {
  await p.visit(`/admin/${id}`);
  await p.page.getByRole('heading', { level: 2 }).waitFor();
  await p.page.waitForLoadState('networkidle');
};

const dialog = (p: Person) => p.page.getByRole('dialog').last();

/** Opens a dialog by its button, and has it refuse what is not filled in. */
async function refused(p: Person, opener: string, action: string): Promise<void> {
  await p.page.getByRole('button', { name: opener }).click();
  await dialog(p).getByRole('button', { name: action, exact: true }).click();
  await dialog(p).getByRole('alert').first().waitFor();
}

async function opened(p: Person, opener: string | RegExp): Promise<void> {
  await p.page.getByRole('button', { name: opener }).first().click();
  await dialog(p).waitFor();
  await p.page.waitForLoadState('networkidle');
}

/** Chooses two of the users. */
async function some(p: Person): Promise<void> {
  await section(p, 'users');
  for (const name of ['ben', 'cleo']) await p.page.getByLabel(`Select ${name}`, { exact: true }).check();
  await p.page.getByText('2 users selected').waitFor();
}

/** Each section of the administration, and the dialogs there. */
export const admin: readonly Step[] = [
  ['users', (p) => section(p, 'users')],
  ['some of the users', some],
  [
    'cutting them off',
    async (p) => {
      // Whoever has searched meanwhile has chosen nobody.
      await some(p);
      await opened(p, 'Deactivate');
    },
  ],
  [
    'a user',
    async (p) => {
      await section(p, 'users');
      await opened(p, 'ben');
    },
  ],
  [
    'a new user',
    async (p) => {
      await section(p, 'users');
      await refused(p, 'New user', 'Create');
    },
  ],
  ['groups', (p) => section(p, 'groups')],
  ['a group', (p) => opened(p, 'Crew')],
  [
    'a new group',
    async (p) => {
      await section(p, 'groups');
      await refused(p, 'New group', 'Create');
    },
  ],
  ['rooms', (p) => section(p, 'rooms')],
  ['whose a room is', (p) => opened(p, /^Owner of /)],
  ['invitations', (p) => section(p, 'invitations')],
  ['withdrawing one', (p) => opened(p, 'Withdraw')],
  ['bans', (p) => section(p, 'bans')],
  ['a new ban', (p) => refused(p, 'New ban', 'Ban')],
  ['the log', (p) => section(p, 'log')],
  ['figures', (p) => section(p, 'figures')],
  ['settings of the server', (p) => section(p, 'server')],
];
