import { cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Room as ListedRoom, Server } from '../src/lib/api';
import LogIn from '../src/lib/pages/LogIn.svelte';
import SignUp from '../src/lib/pages/SignUp.svelte';
import { Chat } from '../src/lib/state/chat.svelte';
import { Session } from '../src/lib/state/session.svelte';
import type { Passage } from '../src/lib/state/types';
import Banner from '../src/lib/ui/Banner.svelte';
import Composer from '../src/lib/ui/Composer.svelte';
import Conversation from '../src/lib/ui/Conversation.svelte';
import MessageRow from '../src/lib/ui/MessageRow.svelte';
import Occupants from '../src/lib/ui/Occupants.svelte';
import PassageRow from '../src/lib/ui/PassageRow.svelte';
import RoomDialog from '../src/lib/ui/RoomDialog.svelte';
import RoomHeader from '../src/lib/ui/RoomHeader.svelte';
import RoomList from '../src/lib/ui/RoomList.svelte';
import RoomPlace from '../src/lib/ui/RoomPlace.svelte';
import { ana, ben, cy, fakeClient, limits, room } from './fake';

const server: Server = {
  name: 'Test',
  version: '0',
  sign_up: 'open',
  create_rooms: 'everyone',
  setup_needed: false,
  limits,
};

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

describe('the composer', () => {
  function compose(more: Partial<{ live: boolean; others: number; draft: string }> = {}) {
    const calls = { onsend: vi.fn(), ontype: vi.fn(), onkeep: vi.fn() };
    render(Composer, { live: true, others: 3, most: 100, draft: '', focused: false, ...calls, ...more });
    return { ...calls, box: screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Message' }) };
  }

  test('sends by Enter and is empty then', async () => {
    const { box, onsend } = compose();
    await fireEvent.input(box, { target: { value: '  hello\n' } });
    const prevented = !(await fireEvent.keyDown(box, { key: 'Enter' }));
    expect(prevented).toBe(true);
    expect(onsend).toHaveBeenCalledExactlyOnceWith('  hello\n');
    expect(box.value).toBe('');
  });

  test.each([
    ['Shift+Enter', { key: 'Enter', shiftKey: true }],
    ['Enter that ends a composition', { key: 'Enter', isComposing: true }],
    ['Enter that ends a composition in Safari', { key: 'Enter', keyCode: 229 }],
    ['another key', { key: 'a' }],
  ])('does not send by %s', async (_, event) => {
    const { box, onsend } = compose();
    await fireEvent.input(box, { target: { value: 'hello' } });
    const prevented = !(await fireEvent.keyDown(box, event));
    expect(prevented).toBe(false);
    expect(onsend).not.toHaveBeenCalled();
    expect(box.value).toBe('hello');
  });

  test('does not send nothing, nor blanks, nor too much', async () => {
    const { box, onsend } = compose();
    for (const value of ['', ' \n\t ', '\u200b\u2060', 'ä'.repeat(51)]) {
      await fireEvent.input(box, { target: { value } });
      await fireEvent.keyDown(box, { key: 'Enter' });
      expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Send' }).disabled).toBe(true);
    }
    expect(onsend).not.toHaveBeenCalled();
  });

  test('says why what cannot be seen is not sent', async () => {
    const { box, ontype } = compose();
    const why = 'Nobody could see this: it is blank.';
    expect(screen.queryByText(why)).toBeNull();
    for (const value of ['  ', '\u200b\ufeff\u00ad']) {
      await fireEvent.input(box, { target: { value } });
      expect(screen.getByText(why).getAttribute('role')).toBe('status');
    }
    expect(ontype).not.toHaveBeenCalled();
    await fireEvent.input(box, { target: { value: '\u200ba' } });
    expect(screen.queryByText(why)).toBeNull();
  });

  test('tells the bytes near the end only', async () => {
    const { box } = compose();
    await fireEvent.input(box, { target: { value: 'x'.repeat(50) } });
    expect(screen.queryByTestId('bytes-left')).toBeNull();
    await fireEvent.input(box, { target: { value: 'ä'.repeat(45) } });
    expect(screen.getByTestId('bytes-left').textContent).toContain('10 bytes left');
    await fireEvent.input(box, { target: { value: 'ä'.repeat(51) } });
    expect(screen.getByTestId('bytes-left').textContent).toContain('2 bytes too long');
  });

  test('says who hears, and does not pretend while away', () => {
    compose();
    expect(screen.getByTestId('audience').textContent).toContain('3 people will hear this.');
    cleanup();
    compose({ live: false });
    expect(screen.getByTestId('audience').textContent).toContain('Not connected');
  });

  test('keeps what is typed from the browser, and for the room', async () => {
    const { box, onkeep, ontype } = compose({ draft: 'begun' });
    expect(box.autocomplete).toBe('off');
    expect(box.value).toBe('begun');
    await fireEvent.input(box, { target: { value: 'begun and' } });
    expect(ontype).toHaveBeenCalled();
    cleanup();
    expect(onkeep).toHaveBeenCalledWith('begun and');
  });
});

describe('a message', () => {
  const base = { user: ben, at: 0, head: true, own: false, heard: -1 };

  test.each([
    '<img src=x onerror=alert(1)>',
    '<script>alert(1)</script>',
    '{@html "<b>x</b>"}',
    '&lt;b&gt; &amp;',
    '</span></div><iframe src=//evil.example>',
    'https://a.example/"><img src=x onerror=alert(1)>',
  ])('is text, whatever it holds: %s', (text) => {
    render(MessageRow, { ...base, text, user: { id: 2, name: text } });
    const row = screen.getByTestId('message');
    expect(screen.getByTestId('message-text').textContent).toBe(text);
    expect(row.querySelector('img, script, iframe, b, svg')).toBeNull();
    expect(row.querySelector('bdi')?.textContent).toBe(text);
  });

  test('keeps its lines and blanks', () => {
    render(MessageRow, { ...base, text: 'a\n  b\n\n\tc ' });
    expect(screen.getByTestId('message-text').textContent).toBe('a\n  b\n\n\tc ');
  });

  test('links carry nothing of the page with them', () => {
    render(MessageRow, { ...base, text: 'see https://a.example/b?c=d.' });
    const link = screen.getByRole('link');
    expect(link.getAttribute('href')).toBe('https://a.example/b?c=d');
    expect(link.getAttribute('rel')).toBe('noopener noreferrer nofollow');
    expect(link.getAttribute('target')).toBe('_blank');
  });

  test('links stand for themselves, and tell the host they lead to', () => {
    render(MessageRow, {
      ...base,
      text: 'https://bank.example/\u202emoc.live//:sptth https://аррӏе.example/',
    });
    const [bank, apple] = screen.getAllByRole('link');
    expect(bank?.textContent).toBe('https://bank.example/');
    expect(bank?.getAttribute('dir')).toBe('ltr');
    expect(bank?.title).toBe('');
    expect(apple?.title).toBe('xn--80ak6aa92e.example');
    expect(screen.getByTestId('message-text').textContent).toContain('/ (xn--80ak6aa92e.example)');
  });

  test('shows controls, and no long emptiness', () => {
    render(MessageRow, { ...base, text: `a\0${'\n'.repeat(8000)}\x1bb` });
    expect(screen.getByTestId('message-text').textContent).toBe('a␀\n\n\n␛b');
  });

  describe('that is tall', () => {
    const tall = (high: number): void => {
      vi.spyOn(HTMLElement.prototype, 'scrollHeight', 'get').mockReturnValue(high);
      vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(384);
    };
    const text = 'line\n'.repeat(500);

    test('is shown whole when asked for', async () => {
      tall(9000);
      const onopen = vi.fn();
      render(MessageRow, { ...base, text, onopen });
      const button = await screen.findByRole('button', { name: 'Show all' });
      const box = screen.getByTestId('message-text');
      expect(box.classList.contains('clamped')).toBe(true);
      // Names that the whole page uses would bring their styles.
      expect(box.classList.contains('cut')).toBe(false);
      expect(button.getAttribute('aria-expanded')).toBe('false');
      expect(button.getAttribute('aria-controls')).toBe(box.id);
      await fireEvent.click(button);
      expect(onopen).toHaveBeenCalledOnce();
      expect(box.classList.contains('clamped')).toBe(false);
      await fireEvent.click(screen.getByRole('button', { name: 'Show less' }));
      expect(box.classList.contains('clamped')).toBe(true);
      expect(onopen).toHaveBeenCalledOnce();
    });

    test('has no button if it fits', () => {
      tall(384);
      render(MessageRow, { ...base, text });
      expect(screen.queryByRole('button')).toBeNull();
    });

    test('opens for a link that is reached by keyboard', async () => {
      tall(9000);
      render(MessageRow, { ...base, text: `${text}https://a.example/` });
      await screen.findByRole('button', { name: 'Show all' });
      const box = screen.getByTestId('message-text');
      const at = (bottom: number) => () => ({ bottom }) as DOMRect;
      box.getBoundingClientRect = at(400);
      const link = screen.getByRole('link');
      link.getBoundingClientRect = at(300);
      await fireEvent.focusIn(link);
      expect(box.classList.contains('clamped')).toBe(true);
      link.getBoundingClientRect = at(3000);
      await fireEvent.focusIn(link);
      expect(box.classList.contains('clamped')).toBe(false);
    });
  });

  test.each([
    ['sent', 'heard by 4', false, false],
    ['sending', 'sending…', false, false],
    ['waiting', 'Waits for the connection.', false, true],
    ['unsure', 'may not have been heard', true, true],
    ['failed', 'Not sent. Slowly.', true, true],
  ] as const)("one's own, %s", async (stage, words, again, discard) => {
    const onresend = vi.fn();
    const ondiscard = vi.fn();
    const props = { ...base, own: true, text: 'x', stage, heard: 4, error: 'Slowly.', onresend, ondiscard };
    render(MessageRow, props);
    expect(screen.getByTestId('message-state').textContent).toContain(words);
    expect(screen.getByTestId('message').dataset.stage).toBe(stage);
    const button = screen.queryByRole('button', { name: /again/ });
    expect(button !== null).toBe(again);
    if (button) await fireEvent.click(button);
    expect(onresend).toHaveBeenCalledTimes(again ? 1 : 0);
    expect(screen.queryByRole('button', { name: 'Discard' }) !== null).toBe(discard);
  });
});

describe('a passage', () => {
  const passage = (more: Partial<Passage>): Passage => ({
    kind: 'passage',
    key: 1,
    at: 0,
    until: 0,
    newDay: false,
    entered: [],
    departed: [],
    passing: [],
    returned: [],
    moreEntered: 0,
    moreDeparted: 0,
    ...more,
  });
  const words = (): string => screen.getByTestId('passage').textContent.replace(/\s+/g, ' ').trim();

  test('of a few names them all', () => {
    render(PassageRow, { passage: passage({ entered: [ana, ben, cy] }) });
    expect(words()).toMatch(/^ana, ben and cy entered/);
    expect(screen.queryByRole('button')).toBeNull();
  });

  test('of many names two until asked for all', async () => {
    const crowd = Array.from({ length: 10 }, (_, i) => ({ id: i + 10, name: `p${i}` }));
    render(PassageRow, {
      passage: passage({ entered: [ana, ben, ...crowd], moreEntered: 2, departed: [cy] }),
    });
    expect(words()).toMatch(/^ana, ben and 12 others entered · cy left/);
    const button = screen.getByRole('button', { name: 'all names' });
    expect(button.getAttribute('aria-expanded')).toBe('false');
    await fireEvent.click(button);
    expect(words()).toMatch(/p9 and 2 others entered/);
    expect(screen.getByRole('button').getAttribute('aria-expanded')).toBe('true');
  });
});

describe('the banner', () => {
  test('counts down and tries when told to', async () => {
    vi.useFakeTimers();
    const onretry = vi.fn();
    render(Banner, {
      connection: { phase: 'waiting', until: Date.now() + 5000, tries: 1, code: 1001 },
      onretry,
    });
    const banner = screen.getByTestId('connection');
    expect(screen.getByRole('status').textContent).toContain('Not connected: the server is restarting.');
    expect(banner.textContent).toContain('Trying again in 5 s.');
    await vi.advanceTimersByTimeAsync(2000);
    expect(banner.textContent).toContain('Trying again in 3 s.');
    await fireEvent.click(screen.getByRole('button', { name: 'Try now' }));
    expect(onretry).toHaveBeenCalledOnce();
  });

  test('says nothing while all is well, and that it is well again for a while', async () => {
    vi.useFakeTimers();
    const props = { onretry: vi.fn() };
    const hello = { phase: 'open', hello: {} as never } as const;
    const { rerender } = render(Banner, { connection: hello, ...props });
    expect(screen.getByTestId('connection').textContent.trim()).toBe('');
    await rerender({
      connection: { phase: 'waiting', until: Date.now() + 1, tries: 1, code: 1006 },
      ...props,
    });
    await rerender({ connection: { phase: 'connecting', tries: 1 }, ...props });
    expect(screen.getByRole('status').textContent).toContain('Not connected.');
    await rerender({ connection: hello, ...props });
    await tick();
    expect(screen.getByRole('status').textContent).toContain('Connected again.');
    await vi.advanceTimersByTimeAsync(4000);
    expect(screen.getByTestId('connection').textContent.trim()).toBe('');
  });
});

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
  const me = { id: 1, username: 'ana', is_staff: false, is_superuser: false, can_create_rooms: true };
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
    expect(screen.getByRole('log').textContent).toContain('You are disconnected since');
    chat.retryNow();
    fake.socket.hello();
    fake.socket.admit(1);
    const state = await waitFor(() => {
      const found = chat.room(1);
      if (!found?.live) throw new Error('not yet');
      return found;
    });
    await rerender({ room: state, chat });
    const words = 'You were disconnected; what was said meanwhile was not kept for you.';
    expect(screen.getByRole('log').textContent).toContain(words);
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
    expect(within(screen.getByTestId('occupants')).getAllByRole('listitem')).toHaveLength(100);
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
      onchange: vi.fn(),
      ondelete: vi.fn(),
      onmembers: vi.fn(),
    };
    render(RoomHeader, { room: away, rules: false, peopleOpen: true, first: false, ...nothing });
    expect(
      screen.getByRole('button', { name: 'People: not known while disconnected' }).textContent.trim(),
    ).toBe('–');
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

  test('can be filtered', async () => {
    const { chat } = await chatting([listed(1, 'Harbour'), listed(2, 'Kitchen')]);
    render(RoomList, { chat, ...props });
    const box = screen.getByRole('searchbox', { name: 'Filter rooms' });
    await fireEvent.input(box, { target: { value: 'HARB' } });
    expect(screen.queryByText('Kitchen')).toBeNull();
    expect(screen.getByText('Harbour')).toBeTruthy();
    await fireEvent.input(box, { target: { value: 'zzz' } });
    expect(screen.getByText('No room is called anything like that.')).toBeTruthy();
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
