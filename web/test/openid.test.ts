import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import LogIn from '../src/lib/pages/LogIn.svelte';
import LinkedAccounts from '../src/lib/pages/settings/LinkedAccounts.svelte';
import { takeReturn } from '../src/lib/arrival';
import { Session } from '../src/lib/state/session.svelte';
import { server } from './fake';

const providers = [{ id: 'sso', label: 'Example ID' }];
const calls: { what: string; body: unknown }[] = [];
let answers: Record<string, { status: number; body: unknown }> = {};

beforeEach(() => {
  calls.length = 0;
  answers = {};
  vi.stubGlobal('fetch', (path: string, init: { method: string; body?: string }) => {
    const what = `${init.method} ${path.replace('/api/v1', '')}`;
    calls.push({ what, body: init.body === undefined ? null : (JSON.parse(init.body) as unknown) });
    const { status, body } = answers[what] ?? { status: 204, body: null };
    return Promise.resolve(new Response(body === null ? null : JSON.stringify(body), { status }));
  });
  Element.prototype.scrollIntoView = () => undefined;
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  history.replaceState(null, '', '/');
});

const logIn = (): void => {
  render(LogIn, { session: new Session(), server: { ...server, providers }, wanted: () => '/rooms/den' });
};

test('what a provider’s answer came to is taken out of the address', () => {
  history.replaceState(null, '', '/login?next=%2F#token=x');
  expect(takeReturn()).toBeNull();
  history.replaceState(null, '', '/login?next=%2F#oidc=over');
  expect(takeReturn()?.get('oidc')).toBe('over');
  expect(location.hash).toBe('');
  expect(location.search).toBe('?next=%2F');
});

test.each([
  ['over', /took too long/],
  ['cancelled', /Nothing was done/],
  ['heard-of-by-nobody', /did not work/],
  ['constructor', /did not work/],
  ['<img src=x>', /did not work/],
])('the log-in says why: %s', async (reason, words) => {
  history.replaceState(null, '', `/login#oidc=${encodeURIComponent(reason)}`);
  logIn();
  expect((await screen.findByRole('alert')).textContent).toMatch(words);
});

test('a second factor is asked for on the way back', async () => {
  history.replaceState(null, '', '/login#oidc=second&ticket=ek_x&factors=totp,recovery');
  logIn();
  await fireEvent.input(await screen.findByLabelText('Code'), { target: { value: '123456' } });
  answers['POST /login/second'] = {
    status: 401,
    body: { code: 'unauthenticated', field: 'code', detail: 'No.' },
  };
  await fireEvent.click(screen.getByRole('button', { name: 'Log in' }));
  await waitFor(() => {
    expect(calls).toEqual([{ what: 'POST /login/second', body: { ticket: 'ek_x', code: '123456' } }]);
  });
});

test('the button says where one wanted to go, and what is wrong with the provider', async () => {
  logIn();
  answers['POST /login/oidc'] = {
    status: 503,
    body: { code: 'busy', field: 'unreachable', detail: 'Away.' },
  };
  await fireEvent.click(await screen.findByRole('button', { name: /Example ID/ }));
  expect((await screen.findByRole('alert')).textContent).toMatch(/does not answer now/);
  expect(calls[0]).toEqual({ what: 'POST /login/oidc', body: { provider: 'sso', next: '/rooms/den' } });
});

test('whoever has nothing to show is not asked, and hears why the last one stays', async () => {
  const have = { has_password: false, totp: false, second_factor: false, passkeys: 0, recovery_codes: 0 };
  const identity = {
    id: 7,
    provider: 'sso',
    label: 'Example ID',
    issuer: 'https://x',
    name: '',
    created_at: '2026-01-01T00:00:00Z',
  };
  answers['GET /me/identities'] = { status: 200, body: { identities: [identity] } };
  answers['POST /me/identities/7/remove'] = {
    status: 409,
    body: { code: 'conflict', field: 'identity', detail: 'No.' },
  };
  render(LinkedAccounts, { providers, have, domain: '' });
  await fireEvent.click(await screen.findByRole('button', { name: /^Unlink/ }));
  expect((await screen.findByRole('alert')).textContent).toMatch(/Nothing would be left/);
  expect(calls.at(-1)).toEqual({ what: 'POST /me/identities/7/remove', body: {} });
  expect(screen.queryByRole('button', { name: /^Link/ })).toBeNull();
});
