import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { options, wanted } from '../src/lib/compose/completion';
import { emojis, groups, search, translated } from '../src/lib/compose/emoji';
import { inCode, inFence } from '../src/lib/compose/format';
import type { Place } from '../src/lib/compose/place';
import { commands, intended, run } from '../src/lib/compose/slash';
import { writing } from '../src/lib/lazy.svelte';
import Composer from '../src/lib/ui/Composer.svelte';
import { ana, ben, cy } from './fake';

afterEach(cleanup);

const place = (more: Partial<Place> = {}): Place => ({
  people: [cy, ben, ana, { id: 9, name: 'anabel' }],
  rooms: [
    { name: 'kitchen', title: 'Where we cook' },
    { name: 'garden', title: 'Garden' },
  ],
  topic: 'Bread',
  open: false,
  changeTopic: vi.fn(() => Promise.resolve()),
  invite: vi.fn(() => Promise.resolve()),
  setStatus: vi.fn(),
  clear: vi.fn(),
  ...more,
});

describe('what is being typed', () => {
  test.each([
    ['@', 'person', ''],
    ['hi @an', 'person', 'an'],
    ['(@an', 'person', 'an'],
    ['see #ki', 'room', 'ki'],
    ['so :smi', 'emoji', 'smi'],
    [':tada::smi', 'emoji', 'smi'],
    ['/', 'command', ''],
    ['/to', 'command', 'to'],
  ])('%j', (text, kind, query) => {
    expect(wanted(text, text.length)).toMatchObject({ kind, query, end: text.length });
  });

  test.each([
    '',
    'a@b',
    'a#b',
    'at 10:30',
    ':-)',
    ':tada:so',
    'std::vec',
    ':D',
    'https://a',
    '@ana ',
    ' /me',
    '/topic x',
    '`@an',
    '```\n@an',
    '/usr/',
  ])('%j is nothing to complete', (text) => {
    expect(wanted(text, text.length)).toBeNull();
  });

  test('is where the caret is', () => {
    expect(wanted('hi @an and more', 6)).toMatchObject({ query: 'an', start: 3, end: 6 });
  });
});

describe('suggestions', () => {
  const labels = (text: string, all: Awaited<ReturnType<typeof emojis>> = []): string[] => {
    const sought = wanted(text, text.length);
    return sought ? options(sought, place(), all).map(({ label }) => label) : [];
  };

  test('begin with what was typed, or have it in them', () => {
    expect(labels('@')).toEqual(['ana', 'anabel', 'ben', 'cy']);
    expect(labels('@an')).toEqual(['ana', 'anabel']);
    expect(labels('@BE')).toEqual(['ben', 'anabel']);
    expect(labels('#cook')).toEqual(['#kitchen']);
    expect(labels('/a')).toEqual(['/away']);
  });

  test('are none where all is typed', () => {
    expect(labels('@cy')).toEqual([]);
    expect(labels('/dnd')).toEqual([]);
    expect(labels('@nobody')).toEqual([]);
  });
});

describe('emoji', () => {
  test('are found by code, word and tag, and every group has some', async () => {
    const all = await emojis();
    expect(search(all, 'smile', 3)[0]?.sign).toBe('😄');
    expect(search(all, 'TADA', 1)[0]?.sign).toBe('🎉');
    expect(search(all, 'nothing-is-called-so', 9)).toEqual([]);
    for (const { id } of groups) expect(all.some(({ group }) => group === id)).toBe(true);
  });

  test.each([
    ['well :tada: done :+1:', 'well 🎉 done 👍️'],
    ['(:smile:)', '(😄)'],
    [':tada::smile::nothing_so:', '🎉😄:nothing_so:'],
    ['```:smile:``` :smile:', '```:smile:``` 😄'],
    [':nothing_so:', ':nothing_so:'],
    ['at 12:100:3 or a:smile:b', 'at 12:100:3 or a:smile:b'],
    ['`:smile:` :smile:', '`:smile:` 😄'],
    ['```\n:smile:\n```\n:smile:', '```\n:smile:\n```\n😄'],
    ['```\n:smile:', '```\n:smile:'],
    ['https://a.example/:smile: :smile:', 'https://a.example/:smile: 😄'],
  ])('%j is sent as %j', async (typed, sent) => {
    expect(await translated(typed)).toBe(sent);
  });
});

describe('commands', () => {
  test.each([
    ['hello', { kind: 'say', text: 'hello' }],
    ['/me waves  ', { kind: 'say', text: '/me waves' }],
    ['//me', { kind: 'say', text: '/me' }],
    ['//me waves', { kind: 'say', text: ' /me waves' }],
    ['/usr/bin is full', { kind: 'say', text: '/usr/bin is full' }],
    ['/ no', { kind: 'say', text: '/ no' }],
    ['/TOPIC  a b ', { kind: 'run', command: 'topic', rest: 'a b' }],
    ['/dnd', { kind: 'run', command: 'dnd', rest: '' }],
  ])('%j', (text, intention) => {
    expect(intended(text)).toEqual(intention);
  });

  test.each(['/nope', '/nope x', '/me', '/me ', '/constructor'])('%j is asked about', (text) => {
    expect(intended(text).kind).toBe('ask');
  });

  test('do what they say', async () => {
    const here = place();
    expect(await run('dnd', 'off', here)).toContain('back');
    expect(here.setStatus).toHaveBeenLastCalledWith('active');
    expect(await run('dnd', 'for ever', here)).toContain('/dnd off');
    expect(here.setStatus).toHaveBeenCalledTimes(1);
    expect(await run('topic', '', here)).toBe('The topic is: \u2068Bread\u2069');
    await run('topic', 'Cake', here);
    expect(here.changeTopic).toHaveBeenCalledExactlyOnceWith('Cake');
    expect(await run('invite', '@cy', here)).toContain('\u2068cy\u2069 may enter');
    expect(here.invite).toHaveBeenCalledExactlyOnceWith('cy');
    for (const [command, status] of [
      ['dnd', 'dnd'],
      ['away', 'away'],
      ['back', 'active'],
    ] as const) {
      await run(command, '', here);
      expect(here.setStatus).toHaveBeenLastCalledWith(status);
    }
    const open = place({ open: true });
    expect(await run('invite', 'cy', open)).toContain('Everybody');
    expect(open.invite).not.toHaveBeenCalled();
    for (const { name } of commands()) expect(intended(`/${name} x`).kind).not.toBe('ask');
  });
});

test('where code is typed', () => {
  expect(inFence('```\na')).toBe(true);
  expect(inFence('```\na\n```\nb')).toBe(false);
  expect(inFence('```a```')).toBe(false);
  expect(inFence('```js let x = 1```\nso')).toBe(false);
  expect(inFence('a ```b```\n```\nc')).toBe(true);
  expect(inFence('```\na```')).toBe(false);
  expect(inFence('```\na```\nb')).toBe(true);
  expect(inCode('a `b')).toBe(true);
  expect(inCode('a `b` c')).toBe(false);
  expect(inCode('a `b\nc')).toBe(false);
});

test('a key counts that comes before what helps to write', async () => {
  expect(writing.part).toBeNull();
  const calls = { onsend: vi.fn(), ontype: vi.fn(), onkeep: vi.fn() };
  render(Composer, { live: true, others: 3, most: 1000, draft: 'bold', focused: true, ...calls });
  const box = screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Message' });
  box.select();
  await fireEvent.keyDown(box, { key: 'b', ctrlKey: true });
  await waitFor(() => {
    expect(box.value).toBe('**bold**');
  });
});

describe('the composer', () => {
  beforeAll(async () => {
    await writing.load();
  });

  async function compose(more: Partial<Place> = {}) {
    const onsend = vi.fn();
    const here = place(more);
    render(Composer, {
      live: true,
      others: 3,
      most: 1000,
      draft: '',
      focused: true,
      onsend,
      ontype: vi.fn(),
      onkeep: vi.fn(),
      place: here,
    });
    const box = screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Message' });
    // What helps to write comes after the first painting.
    await fireEvent.input(box, { target: { value: '@' } });
    await vi.waitUntil(async () => {
      await fireEvent.input(box, { target: { value: '' } });
      await fireEvent.input(box, { target: { value: '@' } });
      return screen.queryByRole('listbox') !== null;
    });
    await type(box, '');
    await waitFor(() => {
      expect(screen.queryByRole('listbox')).toBeNull();
    });
    return { box, onsend, here };
  }

  async function type(box: HTMLTextAreaElement, text: string): Promise<void> {
    box.value = text;
    box.setSelectionRange(text.length, text.length);
    await fireEvent.input(box);
  }

  const press = (box: HTMLTextAreaElement, key: string, more: object = {}): Promise<boolean> =>
    fireEvent.keyDown(box, { key, ...more });

  test('offers names, and takes one by keys', async () => {
    const { box, onsend } = await compose();
    await type(box, 'hi @an');
    const list = await screen.findByRole('listbox');
    expect(box.getAttribute('aria-controls')).toBe(list.id);
    expect(box.getAttribute('aria-autocomplete')).toBe('list');
    const active = (): string | undefined =>
      document.getElementById(box.getAttribute('aria-activedescendant') ?? '')?.querySelector('bdi')
        ?.textContent;
    expect(active()).toBe('ana');
    await press(box, 'ArrowDown');
    expect(active()).toBe('anabel');
    expect(screen.getByRole('option', { selected: true }).querySelector('bdi')?.textContent).toBe('anabel');
    await press(box, 'ArrowDown');
    await press(box, 'ArrowUp');
    await press(box, 'Enter');
    expect(box.value).toBe('hi @anabel ');
    expect(screen.queryByRole('listbox')).toBeNull();
    expect(box.hasAttribute('aria-activedescendant')).toBe(false);
    expect(onsend).not.toHaveBeenCalled();
    await press(box, 'Enter');
    expect(onsend).toHaveBeenCalledExactlyOnceWith('hi @anabel ');
  });

  test.each([
    ['hi @an|ab there', 'hi @anabel there'],
    ['hi @an| there', 'hi @anabel there'],
    ['(@an|), you', '(@anabel), you'],
    ['@an|xyz', '@anabel xyz'],
    ['@an|#garden', '@anabel #garden'],
  ])('writes one into %j', async (typed, written) => {
    const { box } = await compose();
    box.value = typed.replace('|', '');
    box.setSelectionRange(typed.indexOf('|'), typed.indexOf('|'));
    await fireEvent.input(box);
    await screen.findByRole('listbox');
    await press(box, 'ArrowDown');
    await press(box, 'Tab');
    expect(box.value).toBe(written);
  });

  test('offers them no more after Escape, and takes one by the mouse', async () => {
    const { box } = await compose();
    await type(box, '#ki');
    await screen.findByRole('listbox');
    await press(box, 'Escape');
    expect(screen.queryByRole('listbox')).toBeNull();
    await type(box, '#kit');
    await new Promise(requestAnimationFrame);
    expect(screen.queryByRole('listbox')).toBeNull();
    await type(box, '');
    await new Promise(requestAnimationFrame);
    await type(box, 'see #ga');
    await fireEvent.click(await screen.findByRole('option'));
    expect(box.value).toBe('see #garden ');
  });

  test('offers emoji, and sends their signs', async () => {
    const { box, onsend } = await compose();
    await type(box, 'yes :tad');
    expect((await screen.findByRole('option', { name: ':tada:' })).textContent).toContain('🎉');
    await press(box, 'Tab');
    expect(box.value).toBe('yes 🎉');
    await type(box, 'yes :tada:');
    await press(box, 'Enter');
    await waitFor(() => {
      expect(onsend).toHaveBeenCalledExactlyOnceWith('yes 🎉');
    });
    expect(box.value).toBe('');
  });

  test('carries commands out, and asks about what is none', async () => {
    const { box, onsend, here } = await compose();
    await type(box, '/dnd');
    await press(box, 'Enter');
    await screen.findByText(/do not want to be disturbed/);
    expect(here.setStatus).toHaveBeenCalledWith('dnd');
    expect(box.value).toBe('');
    await type(box, '/nope x');
    await press(box, 'Enter');
    await screen.findByText(/There is no command \/nope/);
    expect(onsend).not.toHaveBeenCalled();
    expect(box.value).toBe('/nope x');
    await fireEvent.click(screen.getByRole('button', { name: 'Send it as a message' }));
    expect(onsend).toHaveBeenCalledExactlyOnceWith('/nope x');
    expect(box.value).toBe('');
    await type(box, '//dnd');
    await press(box, 'Enter');
    await waitFor(() => {
      expect(onsend).toHaveBeenLastCalledWith('/dnd');
    });
  });

  test('says why a command was refused, and keeps what was typed', async () => {
    const { box } = await compose({ changeTopic: () => Promise.reject(new Error('Not for you.')) });
    await type(box, '/topic x');
    await press(box, 'Enter');
    await screen.findByText('Not for you.');
    expect(box.value).toBe('/topic x');
  });

  test('sets marks by keys, and takes them away', async () => {
    const { box } = await compose();
    for (const [key, mark, more] of [
      ['b', '**', {}],
      ['i', '*', {}],
      ['e', '`', {}],
      ['X', '~~', { shiftKey: true }],
    ] as const) {
      await type(box, 'a bc d');
      box.setSelectionRange(2, 4);
      expect(await press(box, key, { ctrlKey: true, ...more })).toBe(false);
      expect(box.value).toBe(`a ${mark}bc${mark} d`);
      expect(box.value.slice(box.selectionStart, box.selectionEnd)).toBe('bc');
      await press(box, key, { metaKey: true, ...more });
      expect(box.value).toBe('a bc d');
    }
    expect(await press(box, 'b')).toBe(true);
    expect(await press(box, 'z', { ctrlKey: true })).toBe(true);
  });

  test('begins a new line by Enter in an open block of code', async () => {
    const { box, onsend } = await compose();
    await type(box, '```\na');
    expect(await press(box, 'Enter')).toBe(true);
    expect(onsend).not.toHaveBeenCalled();
    await type(box, '```\na\n```');
    expect(await press(box, 'Enter')).toBe(false);
    expect(onsend).toHaveBeenCalledOnce();
  });

  test('sends nothing any more once another room took its place', async () => {
    const { box, onsend } = await compose();
    await type(box, 'secret :tada:');
    await press(box, 'Enter');
    cleanup();
    await emojis();
    await new Promise((done) => setTimeout(done));
    expect(onsend).not.toHaveBeenCalled();
  });
});
