// What one types into a form stays there, whatever the server answers meanwhile.
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { Me } from '../src/lib/api';
import UserDialog from '../src/lib/pages/admin/UserDialog.svelte';
import Profile from '../src/lib/pages/settings/Profile.svelte';
import { Chat } from '../src/lib/state/chat.svelte';
import { Session } from '../src/lib/state/session.svelte';
import { fakeClient, server } from './fake';

const me: Me = {
  id: 1,
  username: 'ana',
  display_name: '',
  email: 'ana@example.org',
  email_confirmed: true,
  has_password: true,
  is_staff: true,
  is_superuser: true,
  can_create_rooms: true,
  permissions: ['change_user'],
};

/** The calls to the server that have no answer yet. */
let open: { what: string; body: unknown; answer: (body: unknown) => void; fail: () => void }[] = [];

beforeEach(() => {
  open = [];
  vi.stubGlobal('fetch', (path: string, { method, body }: { method: string; body?: string }) => {
    return new Promise<Response>((resolve) => {
      open.push({
        what: `${method} ${path.replace('/api/v1', '')}`,
        body: body === undefined ? null : (JSON.parse(body) as unknown),
        answer: (given) => {
          resolve(new Response(JSON.stringify(given)));
        },
        fail: () => {
          resolve(new Response('<h1>Bad Gateway</h1>', { status: 502 }));
        },
      });
    });
  });
  // jsdom has no dialogs.
  HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function (this: HTMLDialogElement) {
    this.open = false;
  };
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

/** The call that was made and waits. */
const asked = (what: string): Promise<(typeof open)[number]> =>
  waitFor(() => {
    const found = open.find((one) => one.what === what);
    if (!found) throw new Error(`nobody asked ${what}`);
    open = open.filter((one) => one !== found);
    return found;
  });
const field = (name: string): HTMLInputElement => screen.getByLabelText(name);

test('what is typed before the server has told who one is', async () => {
  const gone = { loggedOut: vi.fn(), other: vi.fn() };
  const chat = new Chat(me, server, fakeClient().client, gone);
  render(Profile, { chat, session: new Session(), server });
  const first = await asked('GET /me');
  await fireEvent.input(field('Display name'), { target: { value: 'Ana María' } });
  first.answer({ ...me, display_name: 'Ana', email: 'new@example.org' });
  await waitFor(() => {
    expect(field('Email address').value).toBe('new@example.org');
  });
  expect(field('Display name').value).toBe('Ana María');
  chat.stop();
});

test('what the log-in told, where the server does not answer', async () => {
  const chat = new Chat(me, server, fakeClient().client, { loggedOut: vi.fn(), other: vi.fn() });
  render(Profile, { chat, session: new Session(), server });
  (await asked('GET /me')).fail();
  await new Promise((done) => setTimeout(done, 0)); // what comes of the answer; nobody hears of an error
  expect(field('Email address').value).toBe('ana@example.org');
  chat.stop();
});

test('what is saved before the server has told who one was', async () => {
  const gone = { loggedOut: vi.fn(), other: vi.fn() };
  const chat = new Chat(me, server, fakeClient().client, gone);
  render(Profile, { chat, session: new Session(), server });
  const first = await asked('GET /me');
  await fireEvent.input(field('Display name'), { target: { value: 'Ana María' } });
  await fireEvent.click(screen.getByText('Save'));
  const change = await asked('PATCH /me');
  expect(change.body).toEqual({ display_name: 'Ana María' });
  change.answer({ ...me, display_name: 'Ana María' });
  await screen.findByText('Saved.');
  first.answer(me);
  await new Promise((done) => setTimeout(done, 0)); // what comes of the answer
  expect(field('Display name').value).toBe('Ana María');
  chat.stop();
});

test('what is typed about a user whose password is set', async () => {
  const ben = {
    ...{ ...me, id: 2, username: 'ben', date_joined: '2026-01-01T00:00:00Z', last_login: null },
    ...{ inherited: [], editable: true, groups: ['moderators'], has_password: false },
  };
  const groups = [{ name: 'moderators', permissions: [] }];
  render(UserDialog, { name: 'ben', me, groups, onclose: vi.fn(), onchange: vi.fn() });
  (await asked('GET /users/ben')).answer(ben);
  await screen.findByLabelText('Email address');
  await fireEvent.input(field('Email address'), { target: { value: 'ben@example.org' } });
  await fireEvent.input(field('New password'), { target: { value: 'battery staple horse' } });
  await fireEvent.click(screen.getByText('Set the password'));
  // Nobody's groups are in this answer.
  (await asked('PUT /users/ben/password')).answer({ ...ben, groups: undefined, has_password: true });
  await screen.findByText('Remove the password');
  expect(field('Email address').value).toBe('ben@example.org');
  expect(field('New password').value).toBe('');
  expect(field('moderators')).toHaveProperty('checked', true);
});
