import LogIn from '../../src/lib/pages/LogIn.svelte';
import Privacy from '../../src/lib/pages/Privacy.svelte';
import Enrol from '../../src/lib/pages/Enrol.svelte';
import Setup from '../../src/lib/pages/Setup.svelte';
import SignUp from '../../src/lib/pages/SignUp.svelte';
import Unreachable from '../../src/lib/pages/Unreachable.svelte';
import Confirm from '../../src/lib/pages/account/Confirm.svelte';
import Device from '../../src/lib/pages/account/Device.svelte';
import Forgot from '../../src/lib/pages/account/Forgot.svelte';
import Reset from '../../src/lib/pages/account/Reset.svelte';
import { Session } from '../../src/lib/state/session.svelte';
import { Problem } from '../backend';
import { server } from '../people';
import { press, scene } from '../view';
import type { Scene, View } from '../view';

const page = (id: string, show: () => Scene, more: Partial<View> = {}): View => ({
  id,
  whole: true,
  scenes: () => [show()],
  ...more,
});

const send = (stage: HTMLElement): Promise<void> => press(stage, '.primary[type=submit]');
const props = { session: new Session(), server };
const signUp = { ...props, invitation: '' };
const second = { ticket: 't', factors: ['totp', 'passkey'] };

/** What there is before one is inside. */
export const pages: readonly View[] = [
  page('log-in', () => scene('logging in', LogIn, props)),
  page('log-in-refused', () => scene('refused', LogIn, props), {
    answers: { 'POST /login': new Problem(401, 'unauthenticated') },
    act: send,
  }),
  page('log-in-second', () => scene('a second step', LogIn, props), {
    answers: { 'POST /login': new Problem(401, 'second_factor', '', { second_factor: second }) },
    act: send,
  }),
  page('sign-up', () => scene('signing up', SignUp, signUp), {
    answers: { 'POST /signup': new Problem(422, 'invalid', 'username') },
    act: send,
  }),
  page('sign-up-invited', () =>
    scene('by invitation', SignUp, { ...signUp, server: { ...server, sign_up: 'invite' } }),
  ),
  page('sign-up-closed', () =>
    scene('closed', SignUp, { ...signUp, server: { ...server, sign_up: 'closed' } }),
  ),
  page('set-up', () => scene('setting up', Setup, { session: props.session })),
  page('forgot', () => scene('a forgotten password', Forgot, { server })),
  page('forgot-no-mail', () => scene('without mail', Forgot, { server: { ...server, mail: false } })),
  page('reset', () => scene('a link that is none', Reset, { server })),
  page('reset-token', () => scene('a new password', Reset, { server }), { token: true }),
  page('confirm', () => scene('a link that is none', Confirm, { server })),
  page('confirm-token', () => scene('an address to be confirmed', Confirm, { server }), { token: true }),
  page('device-page', () => scene('a link that is none', Device, props)),
  page('device-question', () => scene('a question', Device, props), { token: true }),
  page('device-waiting', () => scene('waiting to be let in', Device, props), {
    token: true,
    act: send,
  }),
  page('device-refused', () => scene('a link that is over', Device, props), {
    token: true,
    answers: { 'POST /login/device/look': new Problem(403, 'forbidden', 'token') },
  }),
  page('enrol', () => scene('a second factor has to be', Enrol, props)),
  page('unreachable', () =>
    scene('no server', Unreachable, { fault: 'The server cannot be reached.', onretry: () => undefined }),
  ),
  page('privacy', () => scene('what is kept', Privacy, { server, inside: true })),
];
