import type { Step } from '../harness/walk.ts';

/** What those come by who are not logged in, or cannot be: passwords that were forgotten, links of mails and of other devices. */
export const entry: readonly Step[] = [
  [
    'a forgotten password',
    async (p) => {
      await p.visit('/login');
      await p.page.getByRole('link', { name: 'Forgot your password?' }).click();
      await p.submit({ 'Email address': 'nobody' }, 'Send the link');
      await p.page.getByRole('alert').first().waitFor();
    },
  ],
  [
    'a link that was asked for',
    async (p) => {
      await p.submit({ 'Email address': 'ana@example.org' }, 'Send the link');
      await p.page.getByRole('main').getByRole('status').waitFor();
    },
  ],
  [
    'a link to set a password without its token',
    async (p) => {
      await p.visit('/reset');
      await p.page.getByRole('alert').waitFor();
    },
  ],
  [
    'a password that cannot be set by this link',
    async (p) => {
      // The same page with another fragment is not loaded anew.
      await p.visit('/privacy');
      await p.visit('/reset#token=er_nonsense');
      await p.submit({ 'New password': '123' }, 'Set a new password');
      await p.page.getByRole('alert').first().waitFor();
    },
  ],
  [
    'an address that is not confirmed by this link',
    async (p) => {
      await p.visit('/confirm#token=nonsense');
      await p.page.getByRole('heading', { level: 1 }).waitFor();
    },
  ],
  [
    'a log-in from another device that is over',
    async (p) => {
      await p.visit('/device#token=ed_nonsense');
      await p.page.getByRole('alert').waitFor();
    },
  ],
  [
    'what is kept',
    async (p) => {
      await p.visit('/privacy');
      await p.page.getByRole('heading', { level: 1 }).waitFor();
    },
  ],
];
