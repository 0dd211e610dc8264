import { cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Room as ListedRoom, Server } from '../src/lib/api';
import LogIn from '../src/lib/pages/LogIn.svelte';
import SignUp from '../src/lib/pages/SignUp.svelte';
import { Chat } from '../src/lib/state/chat.svelte';
import { Session } from '../src/lib/state/session.svelte';
import Conversation from '../src/lib/ui/Conversation.svelte';
import Occupants from '../src/lib/ui/Occupants.svelte';
import RoomDialog from '../src/lib/ui/RoomDialog.svelte';
import RoomHeader from '../src/lib/ui/RoomHeader.svelte';
import RoomList from '../src/lib/ui/RoomList.svelte';
import RoomsPane from '../src/lib/ui/RoomsPane.svelte';
import RoomPlace from '../src/lib/ui/RoomPlace.svelte';
import { ana, ben, cy, fakeClient, room, server } from './fake';

const answers: Record<string, () => Response> = {};

beforeEach(() => {
  localStorage.clear();
  for (const key of Object.keys(answers)) answers[key] = () => new Response(null, { status: 404 });
  vi.stubGlobal(
    'fetch',
    vi.fn((url: string, init?: RequestInit) => {
      const found = answers[`${init?.method ?? 'GET'} ${url.replace('/api/v1', '')}`];
      return Promise.resolve(found ? found() : new Response(null, { status: 404 }));
    }),
  );
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const refuse = (status: number, body: object) => (): Response =>
  new Response(JSON.stringify(body), { status });

describe('log-in and sign-up', () => {
  test('a wrong password is told above, a wrong name at its input', async () => {
    answers['POST /login'] = refuse(401, {
      code: 'unauthenticated',
      detail: 'The name or the password is wrong.',
    });
    render(LogIn, { session: new Session(), server });
    await fireEvent.click(screen.getByRole('button', { name: 'Log in' }));
    await waitFor(() => {
      expect(screen.getByRole('alert').textContent).toContain('The name or the password is wrong.');
    });
    answers['POST /login'] = refuse(422, {
      code: 'invalid',
      field: 'username',
      detail: 'A username is needed.',
    });
    await fireEvent.click(screen.getByRole('button', { name: 'Log in' }));
    const box = screen.getByRole('textbox', { name: 'Username' });
    await waitFor(() => {
      expect(box.getAttribute('aria-invalid')).toBe('true');
    });
    const described = box.getAttribute('aria-describedby') ?? '';
    expect(document.getElementById(described)?.textContent).toBe('A username is needed.');
    expect(document.activeElement).toBe(box);
  });

  test('an error’s text is no HTML', async () => {
    answers['POST /login'] = refuse(400, { code: 'malformed', detail: '<img src=x>' });
    render(LogIn, { session: new Session(), server });
    await fireEvent.click(screen.getByRole('button', { name: 'Log in' }));
    await waitFor(() => {
      expect(screen.getByRole('alert').textContent).toBe('<img src=x>');
    });
    expect(document.querySelector('img')).toBeNull();
  });

  test('an invitation comes from the address, or from a pasted link', async () => {
    const sent = (): unknown => JSON.parse(vi.mocked(fetch).mock.lastCall?.[1]?.body as string);
    const invite: Server = { ...server, sign_up: 'invite' };
    const first = render(SignUp, { session: new Session(), server: invite, invitation: 'abc' });
    expect(screen.queryByRole('textbox', { name: 'Invitation' })).toBeNull();
    await fireEvent.click(screen.getByRole('button', { name: 'Sign up' }));
    expect(sent()).toMatchObject({ invitation: 'abc' });
    first.unmount();
    render(SignUp, { session: new Session(), server: invite, invitation: '' });
    const value = ' https://chat.example/signup?invitation=xyz ';
    await fireEvent.input(screen.getByRole('textbox', { name: 'Invitation' }), { target: { value } });
    await fireEvent.click(screen.getByRole('button', { name: 'Sign up' }));
    expect(sent()).toMatchObject({ invitation: 'xyz' });
  });

  test('closed is closed', () => {
    render(SignUp, { session: new Session(), server: { ...server, sign_up: 'closed' }, invitation: '' });
    expect(screen.queryByRole('button', { name: 'Sign up' })).toBeNull();
  });
});

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function chatting(rooms: ListedRoom[] = []) {
  answers['GET /rooms'] = () => Response.json({ rooms });
  const fake = fakeClient();
  const me = {
    id: 1,
    username: 'ana',
    display_name: '',
    email: '',
    email_confirmed: false,
    has_password: true,
    is_staff: false,
    is_superuser: false,
    can_create_rooms: true,
    permissions: [],
  };
  const chat = new Chat(me, server, fake.client, { loggedOut: vi.fn(), other: vi.fn() });
  stops.push(() => {
    chat.stop();
  });
  chat.start();
  fake.socket.hello();
  await waitFor(() => {
    expect(chat.listing).not.toBeNull();
  });
  const enter = async (id: number, people = [ana, ben], count = people.length) => {
    chat.enter(id);
    fake.socket.admit(id, { occupants: people, count });
    return waitFor(() => {
      const found = chat.room(id);
      if (!found?.live) throw new Error('not yet');
      return found;
    });
  };
  return { chat, fake, enter };
}

describe('the conversation', () => {
  test('is a log that names author, time, groups and marks', async () => {
    const { chat, fake, enter } = await chatting();
    await enter(1);
    const say = (seq: number, user: object, text: string): void => {
      fake.socket.frame({ type: 'message', room: 1, seq, at: Date.now(), user, nonce: `n${seq}`, text });
    };
    say(1, ben, 'one');
    say(2, ben, 'two');
    say(3, cy, 'three');
    const state = await waitFor(() => {
      const found = chat.room(1);
      if (found?.items.length !== 4) throw new Error('not yet');
      return found;
    });
    render(Conversation, { room: state, chat });
    const log = screen.getByRole('log', { name: 'Conversation' });
    expect(log.textContent).toContain('You hear what is said from here on.');
    const rows = within(log).getAllByTestId('message');
    expect(rows.map((row) => row.classList.contains('head'))).toEqual([true, false, true]);
    // Who does not see the group is told the author all the same.
    expect(rows[1]?.textContent).toContain('ben');
    expect(within(log).getAllByTestId('new')).toHaveLength(1);
  });

  test('tells what was missed while away', async () => {
    const { chat, fake, enter } = await chatting();
    await enter(1);
    fake.socket.drop(4000);
    const { rerender } = render(Conversation, { room: chat.room(1) as never, chat });
    expect(screen.getByRole('log').textContent).toContain('You have been disconnected since');
    chat.retryNow();
    fake.socket.hello();
    fake.socket.refuse('resume', 'not_found');
    fake.socket.admit(1);
    const state = await waitFor(() => {
      const found = chat.room(1);
      if (!found?.live) throw new Error('not yet');
      return found;
    });
    await rerender({ room: state, chat });
    const words = 'You were disconnected; what was said meanwhile was not kept for you.';
    expect(screen.getByRole('log').textContent).toContain(words);
    expect(screen.getByRole('log').textContent).not.toContain('You have been disconnected since');
  });

  test('what can be done with a message comes to the one that somebody is at already', async () => {
    const { chat, fake, enter } = await chatting();
    await enter(1, [ana, ben]);
    fake.socket.frame({
      type: 'message',
      room: 1,
      seq: 1,
      at: Date.now(),
      user: ben,
      nonce: 'n',
      text: 'one',
    });
    const state = await waitFor(() => {
      const found = chat.room(1);
      if (!found?.said) throw new Error('not yet');
      return found;
    });
    render(Conversation, { room: state, chat });
    const row = screen.getByTestId('message');
    // As when all of it is loaded later than the message is there.
    row.focus();
    const log = screen.getByTestId('conversation');
    const { default: MessageTools } = await import('../src/lib/markdown/MessageTools.svelte');
    const late = render(MessageTools, { chat, room: state, log, stuck: true });
    await tick();
    expect(within(late.container).getByTestId('message-tools')).toBeTruthy();
  });

  test('an empty room says what one can do', async () => {
    const { chat, enter } = await chatting();
    render(Conversation, { room: await enter(1, [ana]), chat });
    expect(screen.getByTestId('hush').textContent).toContain('Nobody else is here.');
  });
});

describe('the people', () => {
  test('are counted, and asked for page by page', async () => {
    const { chat, fake, enter } = await chatting();
    const crowd = Array.from({ length: 100 }, (_, i) => ({ id: i + 1, name: `p${i}` }));
    render(Occupants, { room: await enter(1, crowd, 500), chat, alone: false, onclose: vi.fn() });
    expect(screen.getByTestId('occupant-count').textContent).toBe('500');
    const list = await screen.findByTestId('occupants');
    expect(within(list).getAllByRole('listitem')).toHaveLength(100);
    expect(screen.getByText('100 of 500 shown')).toBeTruthy();
    await fireEvent.click(screen.getByRole('button', { name: 'Show more' }));
    expect(fake.socket.last('occupants').after).toBe('p99');
  });

  test('are not known while disconnected', async () => {
    const { chat, fake, enter } = await chatting();
    await enter(1);
    fake.socket.drop(4000);
    const away = chat.room(1) as never;
    render(Occupants, { room: away, chat, alone: false, onclose: vi.fn() });
    expect(screen.queryByTestId('occupant-count')).toBeNull();
    expect(screen.getByText('Who is here is not known while you are disconnected.')).toBeTruthy();
    const nothing = {
      onpeople: vi.fn(),
      onleave: vi.fn(),
      onclear: vi.fn(),
      onchange: vi.fn(),
      ondelete: vi.fn(),
      onmembers: vi.fn(),
    };
    render(RoomHeader, {
      room: away,
      rules: false,
      keeps: false,
      peopleOpen: true,
      first: false,
      ...nothing,
    });
    expect(
      screen.getByRole('button', { name: 'People: not known while disconnected' }).textContent.trim(),
    ).toBe('–');
  });
});

describe('statuses', () => {
  test('are told in words beside the names', async () => {
    const { chat, enter } = await chatting();
    const people = [ana, { ...ben, status: 'away' }, { ...cy, status: 'dnd' }];
    render(Occupants, { room: await enter(1, people), chat, alone: false, onclose: vi.fn() });
    const rows = within(await screen.findByTestId('occupants')).getAllByRole('listitem');
    expect(rows.map((row) => within(row).queryByTestId('status')?.textContent.trim())).toEqual([
      undefined,
      'away',
      'do not disturb',
    ]);
  });

  test('one does not want to be disturbed: a switch says so and tells the server', async () => {
    const { chat, fake } = await chatting();
    const calls = { onenter: vi.fn(), oncreate: vi.fn(), oninvite: vi.fn(), onlogout: vi.fn() };
    render(RoomsPane, { chat, server, alone: false, current: 0, ...calls });
    // What is in the menu is there once somebody comes near.
    expect(screen.queryByRole('switch', { hidden: true })).toBeNull();
    await fireEvent.focus(screen.getByRole('button', { name: /account/i }));
    const toggle = await screen.findByRole('switch', { name: 'Do not disturb', hidden: true });
    expect(toggle.getAttribute('aria-checked')).toBe('false');
    await fireEvent.click(toggle);
    expect(toggle.getAttribute('aria-checked')).toBe('true');
    expect(fake.socket.last('status').status).toBe('dnd');
    fake.socket.frame({ type: 'ok', ref: fake.socket.last('status').ref });
    await fireEvent.click(toggle);
    expect(fake.socket.last('status').status).toBe('active');
  });
});

describe('the list of rooms', () => {
  const listed = (id: number, title: string, occupants = 0): ListedRoom => ({
    ...room(id),
    title,
    occupants,
  });
  const props = { current: 0, onenter: vi.fn(), oncreate: vi.fn() };

  test('shows joined rooms with what is unread, the others with who is inside', async () => {
    const { chat, fake, enter } = await chatting([listed(1, 'Harbour'), listed(2, 'Kitchen', 12)]);
    await enter(1);
    fake.socket.frame({ type: 'message', room: 1, seq: 1, at: 1, user: ben, nonce: 'n', text: 'x' });
    await waitFor(() => {
      expect(chat.unread).toBe(1);
    });
    const onenter = vi.fn();
    render(RoomList, { chat, ...props, onenter });
    expect(screen.getByRole('link', { name: /Room 1/ }).textContent).toContain('1 unread');
    const other = screen.getByRole('button', { name: /Enter.*Kitchen/ });
    expect(other.textContent).toContain('12 inside');
    await fireEvent.click(other);
    expect(onenter).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ id: 2 }));
  });

  test('shows where something was typed and not sent', async () => {
    const { chat, enter } = await chatting([listed(1, 'Harbour'), listed(2, 'Kitchen')]);
    await enter(1);
    const { rerender } = render(RoomList, { chat, ...props });
    const marked = (): boolean =>
      screen.getByRole('link', { name: /Room 1/ }).textContent.includes('not sent yet');
    expect(marked()).toBe(false);
    chat.drafts[1] = ' ';
    await tick();
    expect(marked()).toBe(false);
    chat.drafts[1] = 'to be said';
    await tick();
    expect(marked()).toBe(true);
    // Where one is it stands in the box.
    await rerender({ current: 1 });
    expect(marked()).toBe(false);
  });

  test('can be filtered', async () => {
    const { chat } = await chatting([listed(1, 'Harbour'), listed(2, 'Kitchen')]);
    render(RoomList, { chat, ...props });
    const box = screen.getByRole('searchbox', { name: 'Filter rooms' });
    await fireEvent.input(box, { target: { value: 'HARB' } });
    expect(screen.queryByText('Kitchen')).toBeNull();
    expect(screen.getByText('Harbour')).toBeTruthy();
    await fireEvent.input(box, { target: { value: 'zzz' } });
    expect(screen.getByText('No room matches.')).toBeTruthy();
  });

  test('says what to do where there is none', async () => {
    const { chat } = await chatting();
    const oncreate = vi.fn();
    render(RoomList, { chat, ...props, oncreate });
    await fireEvent.click(screen.getByRole('button', { name: 'Create the first room' }));
    expect(oncreate).toHaveBeenCalledOnce();
  });
});

test('a room that is not there is named in short', async () => {
  const { chat } = await chatting([]);
  const calls = Object.fromEntries(
    ['onenter', 'oncreate', 'onpeople', 'onleave', 'onchange', 'ondelete', 'onmembers'].map((name) => [
      name,
      vi.fn(),
    ]),
  ) as never;
  const shown = { rules: false, peopleOpen: false, focused: false, room: undefined, listed: undefined };
  render(RoomPlace, { chat, name: 'x'.repeat(3000), ...shown, ...(calls as object) } as never);
  expect(screen.getByRole('heading').textContent).toBe('There is no such room');
  expect(screen.getByText(/^x+…$/).textContent).toHaveLength(81);
});

describe('making a room', () => {
  test('what is wrong stands at its input; what is right closes the dialog', async () => {
    const onclose = vi.fn();
    const ondone = vi.fn();
    answers['POST /rooms'] = refuse(409, {
      code: 'conflict',
      field: 'name',
      detail: 'There is a room of this name.',
    });
    render(RoomDialog, { staff: false, onclose, ondone });
    expect(screen.queryByRole('radio', { name: /Staff/ })).toBeNull();
    await fireEvent.input(screen.getByRole('textbox', { name: 'Name' }), { target: { value: ' tea ' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Create room' }));
    await waitFor(() => {
      expect(screen.getByRole('alert').textContent).toBe('There is a room of this name.');
    });
    expect(ondone).not.toHaveBeenCalled();
    answers['POST /rooms'] = () => Response.json({ ...room(5, 'tea'), occupants: 0 }, { status: 201 });
    await fireEvent.click(screen.getByRole('button', { name: 'Create room' }));
    await waitFor(() => {
      expect(ondone).toHaveBeenCalledOnce();
    });
    const body = JSON.parse(vi.mocked(fetch).mock.lastCall?.[1]?.body as string) as object;
    expect(body).toEqual({ name: 'tea', title: 'tea', topic: '', access: 'public' });
    expect(onclose).toHaveBeenCalledOnce();
  });
});
