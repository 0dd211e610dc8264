import type { Person } from '../harness/person.ts';
import { password } from '../harness/scene.ts';
import { closeDialog, type Step } from '../harness/walk.ts';

const section = async (p: Person, id: string): Promise<void> => {
  await p.visit(`/settings/${id}`);
  await p.page.getByRole('heading', { level: 2 }).waitFor();
  // What it shows is asked for.
  await p.page.waitForLoadState('networkidle');
};

async function prove(p: Person, action: string): Promise<void> {
  const proof = p.page.getByRole('dialog');
  await proof.getByLabel('Password', { exact: true }).fill(password);
  await proof.getByRole('button', { name: action }).click();
}

/** Each section of the settings, and what opens there. */
export const settings: readonly Step[] = [
  ['profile', (p) => section(p, 'profile')],
  [
    'an address of mail that is none',
    async (p) => {
      await p.page.getByLabel('Email address', { exact: true }).fill('nobody');
      await p.page.getByRole('button', { name: 'Save' }).first().click();
      await p.page.getByRole('alert').first().waitFor();
    },
  ],
  ['password', (p) => section(p, 'password')],
  [
    'a password that is refused',
    async (p) => {
      for (const field of await p.page
        .locator('main input[type=password], [role=main] input[type=password]')
        .all())
        await field.fill('123');
      await p.page.getByRole('button', { name: 'Change the password' }).click();
      await p.page.getByRole('alert').first().waitFor();
    },
  ],
  ['appearance', (p) => section(p, 'appearance')],
  ['notifications', (p) => section(p, 'notifications')],
  ['privacy', (p) => section(p, 'privacy')],
  ['security', (p) => section(p, 'security')],
  [
    'proving who one is',
    async (p) => {
      await p.page.getByRole('button', { name: 'Make a link' }).click();
      const proof = p.page.getByRole('dialog');
      await proof.getByLabel('Password', { exact: true }).fill('wrong');
      await proof.getByRole('button', { name: 'Make a link' }).click();
      await proof.getByRole('alert').first().waitFor();
    },
  ],
  [
    'a link for another device',
    async (p) => {
      await prove(p, 'Make a link');
      await p.page.getByTestId('device-url').waitFor();
    },
  ],
  [
    'an authenticator',
    async (p) => {
      await closeDialog(p);
      await p.page.getByRole('button', { name: 'Set up an authenticator' }).click();
      await prove(p, 'Go on');
      await p.page.getByRole('img', { name: 'The key as a QR code' }).waitFor();
      await p.submit({ Code: '000000' }, 'Confirm');
      await p.page.getByRole('alert').first().waitFor();
    },
  ],
  ['where one is logged in', (p) => section(p, 'sessions')],
  ['tokens', (p) => section(p, 'tokens')],
  [
    'a new token',
    async (p) => {
      await p.submit({ Name: 'a bot' }, 'Make the token');
      await p.page.getByTestId('once').waitFor();
    },
  ],
  [
    'revoking it',
    async (p) => {
      await p.page.getByRole('button', { name: 'Done' }).click();
      await p.page.getByRole('button', { name: 'Revoke a bot' }).click();
      await p.page.getByRole('dialog').waitFor();
    },
  ],
];
