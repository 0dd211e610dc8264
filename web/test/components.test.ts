import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { reading } from '../src/lib/lazy.svelte';
import type { Passage } from '../src/lib/state/types';
import Banner from '../src/lib/ui/Banner.svelte';
import Composer from '../src/lib/ui/Composer.svelte';
import MarkerRow from '../src/lib/ui/MarkerRow.svelte';
import MessageRow from '../src/lib/ui/MessageRow.svelte';
import PassageRow from '../src/lib/ui/PassageRow.svelte';
import { ana, ben, cy } from './fake';

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

/** No connection, for a reason. */
const waiting = (code: number) => ({ phase: 'waiting', until: Date.now() + 5000, tries: 1, code }) as const;

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

test('a message is shown as it was typed until what reads it is there', () => {
  const base = { user: ben, at: 0, head: true, own: false, heard: -1 };
  const part = vi.spyOn(reading, 'part', 'get').mockReturnValue(null);
  render(MessageRow, { ...base, name: 'one', text: '**a** https://example.org \x07' });
  render(MessageRow, { ...base, name: 'two', text: '/me waves' });
  expect(screen.getAllByTestId('message-text').map(({ textContent }) => textContent)).toEqual([
    '**a** https://example.org ␇',
    'ben waves',
  ]);
  part.mockRestore();
});

describe('a message', () => {
  beforeAll(async () => {
    await reading.load();
  });
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
    ['waiting', 'sending…', false, false],
    ['failed', 'Not sent. Slowly.', true, true],
  ] as const)("one's own, %s", async (stage, words, again, discard) => {
    const onresend = vi.fn();
    const ondiscard = vi.fn();
    const props = { ...base, own: true, text: 'x', stage, heard: 4, error: 'Slowly.', onresend, ondiscard };
    render(MessageRow, props);
    expect(screen.getByTestId('message-state').textContent).toContain(words);
    expect(screen.getByTestId('message').dataset.stage).toBe(stage);
    const button = screen.queryByRole('button', { name: 'Retry' });
    expect(button !== null).toBe(again);
    if (button) await fireEvent.click(button);
    expect(onresend).toHaveBeenCalledTimes(again ? 1 : 0);
    expect(screen.queryByRole('button', { name: 'Discard' }) !== null).toBe(discard);
  });
});

describe('one’s own message', () => {
  const props = { user: ben, at: 0, head: true, own: true, heard: 0, text: 'x' };

  test('waits for the connection where there is none, and can be taken back', () => {
    render(MessageRow, { ...props, stage: 'waiting', live: false });
    expect(screen.getByTestId('message-state').textContent).toContain('Waiting for the connection.');
    expect(screen.queryByRole('button', { name: 'Retry' })).toBeNull();
    expect(screen.getByRole('button', { name: 'Discard' })).toBeTruthy();
  });

  test('that failed can be retried while away, but not in a room that is over', () => {
    render(MessageRow, { ...props, stage: 'failed', live: false });
    expect(screen.getByRole('button', { name: 'Retry' })).toBeTruthy();
    cleanup();
    render(MessageRow, { ...props, stage: 'failed', live: false, over: true });
    expect(screen.queryByRole('button', { name: 'Retry' })).toBeNull();
    expect(screen.getByRole('button', { name: 'Discard' })).toBeTruthy();
  });
});

describe('a line of the page’s own', () => {
  const marker = {
    kind: 'marker',
    key: 1,
    at: 0,
    until: 0,
    count: 0,
    note: '',
    names: [],
    newDay: false,
  } as const;

  test.each([
    ['gap', 3, 'Up to 3 messages may be missing here.'],
    ['gap', 1, '1 message may be missing here.'],
    ['gap', 0, 'Something may be missing here'],
    ['restart', 0, 'The server was restarted; what was said meanwhile did not reach you.'],
    ['away', 0, 'what was said meanwhile was not kept for you.'],
    ['reloaded', 0, 'The page was reloaded.'],
    ['lost', 0, 'You have been disconnected since'],
  ] as const)('%s, %i', (what, count, words) => {
    render(MarkerRow, { marker: { ...marker, what, count } });
    expect(screen.getByTestId('marker').textContent).toContain(words);
    expect(screen.getByTestId('marker').dataset.what).toBe(what);
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

  test('tells of the first connection only where it takes its time', async () => {
    vi.useFakeTimers();
    render(Banner, { connection: { phase: 'connecting', tries: 0 }, onretry: vi.fn() });
    await vi.advanceTimersByTimeAsync(900);
    expect(screen.getByTestId('connection').textContent.trim()).toBe('');
    await vi.advanceTimersByTimeAsync(200);
    expect(screen.getByRole('status').textContent).toContain('Connecting…');
  });

  test('reads out each sentence once as long as there is no connection', async () => {
    const { rerender } = render(Banner, { connection: waiting(1001), onretry: vi.fn() });
    const status = screen.getByRole('status');
    const told = [status.getAttribute('aria-live')];
    const hello = { phase: 'open', hello: {} as never } as const;
    const connecting = { phase: 'connecting', tries: 1 } as const;
    for (const connection of [connecting, waiting(0), connecting, waiting(0), hello, waiting(0)]) {
      await rerender({ connection });
      told.push(status.getAttribute('aria-live'));
    }
    expect(told).toEqual(['polite', 'polite', 'polite', 'off', 'off', 'polite', 'polite']);
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
    expect(screen.getByRole('status').textContent).toContain(
      'Reconnecting… What you write is kept and sent.',
    );
    await rerender({ connection: hello, ...props });
    await tick();
    expect(screen.getByRole('status').textContent).toContain('Connected again.');
    await vi.advanceTimersByTimeAsync(4000);
    expect(screen.getByTestId('connection').textContent.trim()).toBe('');
  });
});
