import { beforeEach, describe, expect, test, vi } from 'vitest';
import { avatarColour, avatarColours } from '../src/lib/colour';
import { talk } from '../src/lib/i18n/talk';
import { preferences } from '../src/lib/preferences.svelte';
import { forgetRoom, rememberedRooms, rememberRoom } from '../src/lib/remember';
import { everything, forgetEverything } from '../src/lib/traces';
import { roomPath, routeOf } from '../src/lib/routes';
import { pieces } from '../src/lib/links';
import { byteLength, initials, plain, printed, shortened, visible } from '../src/lib/text';
import { loneEmoji } from '../src/lib/ui/lone';
import { dayName, sameDay } from '../src/lib/time';
import { connectionWords, secondsUntil } from '../src/lib/ui/standing';
import { clauses, named } from '../src/lib/ui/clauses';
import { told, typingWords } from '../src/lib/ui/words';
import type { User } from '../src/lib/wire.gen';
import { ana, ben, cy } from './fake';

describe('links', () => {
  test.each([
    ['plain', 'no address here', []],
    [
      'http and https',
      'http://a.example https://b.example/x?y=z#w',
      ['http://a.example/', 'https://b.example/x?y=z#w'],
    ],
    ['end of a sentence', 'See https://a.example/b.', ['https://a.example/b']],
    ['brackets around', '(https://a.example/b)', ['https://a.example/b']],
    ['brackets inside', 'https://a.example/b_(c)', ['https://a.example/b_(c)']],
    [
      'quotes and angles',
      '<https://a.example> "https://b.example"',
      ['https://a.example/', 'https://b.example/'],
    ],
    ['other schemes', 'javascript:alert(1) data:text/html,x file:///etc ftp://a.example', []],
    ['inside a word', 'xhttps://a.example', []],
    [
      'without a scheme',
      'www.a.example, and WWW.b.example/c.',
      ['https://www.a.example/', 'https://www.b.example/c'],
    ],
    [
      'www of nothing',
      'www. www.a www.. xwww.a.example user@www.a.example //www.a.example -www.a.example',
      [],
    ],
    ['a user before www', 'www.a@evil.example www.a.example:x@evil.example', []],
    ['a hidden script', 'https://a.example/"onmouseover="alert(1)', ['https://a.example/']],
    ['another name before the host', 'https://bank.example@evil.example/', []],
    ['no host', 'https:// and http://', []],
    ['upper case', 'HTTPS://A.EXAMPLE/B', ['https://a.example/B']],
    ['a look-alike', 'https://аррӏе.example', ['https://xn--80ak6aa92e.example/']],
    ['a reversed tail', 'https://bank.example/\u202emoc.live//:sptth', ['https://bank.example/']],
    [
      'an isolate',
      'https://a.example/b\u2066c https://b.example/\u061cd',
      ['https://a.example/b', 'https://b.example/'],
    ],
    ['a mark', 'https://a.example/\u200fb', ['https://a.example/']],
  ] as const)('%s', (_, text, links) => {
    const found = pieces(text);
    expect(found.map((piece) => piece.text).join('')).toBe(text);
    expect(found.flatMap(({ href }) => (href === undefined ? [] : [href]))).toEqual(links);
  });

  test.each([
    ['plain', 'https://a.example/b', undefined],
    ['with a port', 'HTTP://A.example:8000/b', undefined],
    ['with the usual port', 'http://a.example:80', undefined],
    ['look-alike', 'https://аррӏе.example', 'xn--80ak6aa92e.example'],
    ['wide letters', 'https://ｂank.example/', 'bank.example'],
    ['invisible letters', 'https://ba\u200bnk.example/', 'bank.example'],
    ['a number', 'http://2130706433/', '127.0.0.1'],
    ['a path in other letters', 'https://a.example/аррӏе', undefined],
  ])('a host that does not stand there as it is gets told: %s', (_, text, host) => {
    const found = pieces(text);
    expect(found).toHaveLength(1);
    expect(found[0]?.text).toBe(text);
    expect(found[0]?.host).toBe(host);
  });

  test('a long hostile text takes no long time', () => {
    const text = `https://${'('.repeat(4000)}${')'.repeat(4000)}`;
    const begin = performance.now();
    pieces(text);
    pieces(`https://a${')'.repeat(8000)}`);
    pieces('http://'.repeat(1200));
    printed('\n'.repeat(8000));
    printed('\n \n\u200b\nx'.repeat(1500));
    printed(`\n${' '.repeat(8000)}x`);
    expect(performance.now() - begin).toBeLessThan(100);
  });
});

describe('a plain text', () => {
  test.each([
    'Good evening!',
    "It's 5 o'clock – half of them (the others) said: 3 + 4 = 7; 10% & more…",
    'Zażółć gęślą jaźń, добрый вечер, 今晚好, مساء الخير',
    'one line\nand another',
    'x'.repeat(200),
    '',
  ])('is shown as it is: %j', (text) => {
    expect(plain(text)).toBe(true);
    // What is not looked at would have found nothing.
    expect(printed(text)).toBe(text);
    expect(pieces(text).every(({ href }) => href === undefined)).toBe(true);
    expect(loneEmoji(text)).toBe(false);
  });

  test.each([
    ['markdown', 'a *loud* word'],
    ['a mention', '@ana'],
    ['a list', '- one'],
    ['an address', 'see https://example.org'],
    ['an address of another spelling', 'see HTTP://EXAMPLE.ORG'],
    ['emoji', '😀'],
    ['a flag', '🇵🇱'],
    ['a digit in a box', '1️⃣'],
    ['marks heaped upon a letter', 'z\u0300\u0301\u0302'],
    ['a sign that turns the direction', 'abc\u202edef'],
    ['a sign that nobody sees', 'a\u200bb'],
    ['a control character', 'a\x07b'],
    ['the end of a line of Windows', 'a\r\nb'],
    ['an empty line', 'a\n \nb'],
    ['a line of nothing to see', 'a\n\u3164\nb'],
    ['many lines', 'a\nb\nc\nd\ne\nf\ng\nh\ni'],
    ['a half of a character', '\ud83d'],
    ['much', 'x'.repeat(201)],
  ])('is not one with %s', (_, text) => {
    expect(plain(text)).toBe(false);
  });
});

describe('a text as it is shown', () => {
  test.each([
    ['plain', 'a\n\tb', 'a\n\tb'],
    ['controls', '\0\x1b[31m\x07\x7f', '␀␛[31m␇␡'],
    ['line ends', 'a\r\nb\rc', 'a\nb␍c'],
    ['two empty lines', 'a\n\n\nb', 'a\n\n\nb'],
    ['many empty lines', `a${'\n'.repeat(8000)}b`, 'a\n\n\nb'],
    ['many lines of nothing to see', `a${'\n \u200b\t'.repeat(99)}\n  b`, 'a\n\n\n  b'],
  ])('%s', (_, text, shown) => {
    expect(printed(text)).toBe(shown);
  });
});

test.each([
  ['a', true],
  [' é ', true],
  ['\u2764\ufe0f', true],
  ['', false],
  [' \n\t\u00a0\u3000', false],
  ['\u200b\u2060\ufeff\u00ad', false],
  ['\ufe0f\u{e0100}\u3164\u115f\u2800', false],
  ['\u202e\u2066\u061c', false],
  ['\0\x1b', false],
])('something can be seen in %j: %s', (text, seen) => {
  expect(visible(text)).toBe(seen);
});

test('a text is shortened between its letters', () => {
  expect(shortened('harbour', 7)).toBe('harbour');
  expect(shortened('harbour', 3)).toBe('har…');
  expect(shortened('🥣🥣🥣', 2)).toBe('🥣🥣…');
});

test('bytes are counted as the server counts them', () => {
  expect(byteLength('aä€🥣')).toBe(1 + 2 + 3 + 4);
});

test.each([
  ['ana', 'A'],
  ['ana.b', 'AB'],
  ['ana maria lopez', 'AM'],
  ['ünal', 'Ü'],
  ['👩‍🚒 fire', '👩‍🚒F'],
  ['...', '?'],
  ['', '?'],
])('initials of %s', (name, letters) => {
  expect(initials(name)).toBe(letters);
});

test('every colour carries white letters (WCAG 2.2, 1.4.3)', () => {
  const light = (hex: string): number => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
      const part = parseInt(hex.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (const colour of avatarColours) expect(1.05 / (light(colour) + 0.05), colour).toBeGreaterThan(4.5);
  expect(avatarColour(7)).toBe(avatarColour(7));
  expect(avatarColour(1)).not.toBe(avatarColour(2));
  expect(new Set(Array.from({ length: 12 }, (_, id) => avatarColour(id))).size).toBe(12);
  expect(avatarColours).toContain(avatarColour(-5));
});

test.each([
  ['/', '', { page: 'home' }],
  ['/login', '', { page: 'login', next: '' }],
  ['/setup', '', { page: 'setup' }],
  ['/signup', '?invitation=a%2Bb', { page: 'signup', invitation: 'a+b' }],
  ['/signup', '', { page: 'signup', invitation: '' }],
  ['/rooms/harbour', '', { page: 'room', name: 'harbour' }],
  ['/rooms/caf%C3%A9', '', { page: 'room', name: 'café' }],
  ['/rooms/harbour/', '', { page: 'room', name: 'harbour' }],
  ['/rooms/%E0%A4', '', { page: 'room', name: '%E0%A4' }],
  ['/rooms/a/b', '', { page: 'room', name: 'a/b' }],
  ['/rooms/', '', { page: 'home' }],
  ['/nowhere', '', { page: 'home' }],
])('route of %s%s', (path, search, route) => {
  expect(routeOf(path, search)).toEqual(route);
});

test('a room’s path leads to the room', () => {
  expect(routeOf(roomPath('a/b?c#é'), '')).toEqual({ page: 'room', name: 'a/b?c#é' });
});

describe('what the browser keeps', () => {
  beforeEach(() => {
    localStorage.clear();
  });

  test('room numbers, by user, and nothing else', () => {
    rememberRoom(1, 5);
    rememberRoom(1, 5);
    rememberRoom(1, 6);
    rememberRoom(2, 7);
    forgetRoom(1, 5);
    expect(rememberedRooms(1)).toEqual([6]);
    expect(rememberedRooms(2)).toEqual([7]);
    expect(Object.fromEntries(Object.entries(localStorage))).toEqual({
      'earshot.rooms.1': '[6]',
      'earshot.rooms.2': '[7]',
    });
    forgetRoom(1, 6);
    expect(localStorage.getItem('earshot.rooms.1')).toBeNull();
  });

  test.each(['', 'x', '{}', '[null,"1",-1,1.5,1e99,[2],3]'])('junk is no room: %s', (junk) => {
    localStorage.setItem('earshot.rooms.1', junk);
    expect(rememberedRooms(1)).toEqual(junk.endsWith('3]') ? [3] : []);
  });

  test('what was chosen of how the page is to be', () => {
    expect(preferences.get('theme')).toBe('system');
    preferences.choose('theme', 'dark');
    preferences.choose('enter', 'line');
    expect(preferences.get('theme')).toBe('dark');
    expect(document.documentElement.dataset.theme).toBe('dark');
    expect(Object.fromEntries(Object.entries(localStorage))).toEqual({
      'earshot.theme': 'dark',
      'earshot.enter': 'line',
    });
    preferences.choose('theme', 'system');
    expect(document.documentElement.dataset.theme).toBeUndefined();
    preferences.reset();
    expect([preferences.get('enter'), localStorage.length]).toEqual(['send', 0]);
  });

  test('what another tab chose holds here too, and nonsense is nothing', () => {
    localStorage.setItem('earshot.theme', 'light');
    localStorage.setItem('earshot.text', '"><script>');
    dispatchEvent(new StorageEvent('storage', { key: 'earshot.theme' }));
    expect([preferences.get('theme'), preferences.get('text')]).toEqual(['light', 'normal']);
    expect(document.documentElement.dataset.text).toBeUndefined();
    preferences.reset();
  });

  test('all of it can be forgotten, and nothing of others', () => {
    rememberRoom(1, 5);
    sessionStorage.setItem('earshot.session', '{}');
    localStorage.setItem('other', 'stays');
    expect(everything()).toEqual(['earshot.rooms.1', 'earshot.session']);
    forgetEverything();
    expect(everything()).toEqual([]);
    expect(localStorage.getItem('other')).toBe('stays');
  });

  test('storage that is switched off does no harm', () => {
    vi.stubGlobal('localStorage', undefined);
    rememberRoom(1, 5);
    preferences.choose('theme', 'dark');
    expect(rememberedRooms(1)).toEqual([]);
    expect(everything()).toEqual([]);
    forgetEverything();
    preferences.reset();
    vi.unstubAllGlobals();
  });
});

test('days have names', () => {
  const now = new Date(2026, 2, 1, 9).getTime();
  expect(dayName(now, now)).toBe('Today');
  expect(dayName(new Date(2026, 1, 28, 23, 59).getTime(), now)).toBe('Yesterday');
  expect(dayName(new Date(2026, 1, 20).getTime(), now)).toMatch(/20/);
  expect(sameDay(new Date(2026, 2, 1, 0).getTime(), new Date(2026, 2, 1, 23, 59).getTime())).toBe(true);
});

describe('words', () => {
  test.each([
    [0, 'Nobody else is here to hear you.'],
    [1, '1 person will hear this.'],
    [12, '12 people will hear this.'],
  ])('an audience of %i', (others, words) => {
    expect(talk.t.audience(others)).toBe(words);
  });

  test('heard by', () => {
    expect([talk.t.heardBy(0), talk.t.heardBy(3)]).toEqual(['nobody heard it', 'heard by 3']);
  });

  test.each([
    ['open', { phase: 'idle' }, ''],
    ['first', { phase: 'connecting', tries: 0 }, 'Connecting…'],
    ['again', { phase: 'connecting', tries: 2 }, 'Reconnecting… What you write is kept and sent.'],
    ['restart', { phase: 'waiting', until: 0, tries: 1, code: 1001 }, 'restarting'],
    ['slow', { phase: 'waiting', until: 0, tries: 1, code: 4000 }, 'too slow'],
    ['silent', { phase: 'waiting', until: 0, tries: 1, code: 4001 }, 'nothing was heard'],
    [
      'full',
      { phase: 'waiting', until: 0, tries: 1, code: 4100 },
      'you have too many connections open, or the server is full',
    ],
    ['away', { phase: 'waiting', until: 0, tries: 1, code: 0 }, 'cannot be reached'],
    ['broken', { phase: 'waiting', until: 0, tries: 1, code: 1006 }, 'broke off'],
    ['logged out', { phase: 'ended', why: 'login', code: 4500 }, 'log-in has ended'],
    ['abuse', { phase: 'ended', why: 'never', code: 4501 }, 'refused too much'],
    ['mend', { phase: 'ended', why: 'never', code: 1009 }, 'does not understand'],
  ] as const)('the connection: %s', (_, connection, words) => {
    expect(connectionWords(connection, false)).toContain(words);
  });

  test('seconds are whole and not below nothing', () => {
    expect([secondsUntil(1500, 0), secondsUntil(1, 0), secondsUntil(0, 5)]).toEqual([2, 1, 0]);
  });

  test.each([
    [1, 0, 1, 0],
    [3, 0, 3, 0],
    [4, 0, 2, 2],
    [2, 12, 2, 12],
    [0, 5, 0, 5],
  ])('%i named and %i not: %i names and %i others', (users, more, names, others) => {
    const list = [ana, ben, cy, { id: 4, name: 'dora' }].slice(0, users);
    const found = named({ users: list, more, verb: 'entered' });
    expect([found.names.length, found.others]).toEqual([names, others]);
  });

  test('names are joined as in a sentence', () => {
    const words = (names: readonly User[], others: number) =>
      told(names, others, (who) => `Then ${who} came.`)
        .map((one) => (typeof one === 'string' ? one : `<${one.name}>`))
        .join('');
    expect(words([ana], 0)).toBe('Then <ana> came.');
    expect(words([ana, ben, cy], 0)).toBe('Then <ana>, <ben> and <cy> came.');
    expect(words([ana, ben], 5)).toBe('Then <ana>, <ben> and 5 others came.');
    expect(words([], 1)).toBe('Then 1 person came.');
  });

  test('only what happened is told', () => {
    const none = { users: [] as never[], more: 0 };
    const passage = { kind: 'passage', key: 1, at: 0, newDay: false, until: 0 } as const;
    const empty = {
      entered: none.users,
      departed: [ben],
      passing: [],
      returned: [],
      moreEntered: 0,
      moreDeparted: 0,
    };
    expect(clauses({ ...passage, ...empty }).map(({ verb }) => verb)).toEqual(['departed']);
  });

  test.each([
    [0, ''],
    [1, 'ana is typing…'],
    [2, 'ana and ben are typing…'],
    [3, 'Several people are typing…'],
  ])('%i typing', (count, words) => {
    const said = typingWords([ana, ben, cy].slice(0, count));
    expect(said.map((one) => (typeof one === 'string' ? one : one.name)).join('')).toBe(words);
  });
});
