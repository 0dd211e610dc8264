// Measures the page while messages pour in: npm run speed, or make bench. It asserts nothing but that all of them were
// heard: what the figures are depends on the machine. Beside them it says what is wanted on two processors with nothing else
// to do. docs/performance.md has some, and says what they are.
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import type { Person } from '../harness/person.ts';
import { Scene, user } from '../harness/scene.ts';
import { Talker, unlimited } from '../harness/talker.ts';
import { Gauge, type Reading } from './gauge.ts';

/** For how long, in seconds, each rate is poured, and the heap is looked at: EARSHOT_SPEED_HEAP=1800 for half an hour. */
const seconds = Number(process.env['EARSHOT_SPEED_SECONDS'] ?? 10);
const heapSeconds = Number(process.env['EARSHOT_SPEED_HEAP'] ?? 60);

/** What is wanted at so many messages a second: frames a second at least, and milliseconds from a key to the next painting. */
const wanted = new Map([
  [100, { frames: 60, key: 100 }],
  [1000, { frames: 60, key: 100 }],
  [5000, { frames: 50, key: 100 }],
]);
/** By how much of its least look the heap may be more at its last. */
const wantedHeap = 1.1;

let scene: Scene;
let ana: Person;
let gauge: Gauge;
let talkers: Talker[] = [];
let made = 0;
let said = 0;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben', 'cleo'], { ...unlimited, EARSHOT_WRITE_BUFFER: '67108864' });
});

/** Has everybody enter a new room. `shared` is as most have it: the thread that all tabs share has the connection. */
async function enter(shared = true): Promise<void> {
  const name = `room-${++made}`;
  const id = await (await scene.api('ana')).createRoom({ name });
  ana = await scene.person('ana', { shared });
  await ana.enter(name);
  talkers = [
    await Talker.enter(scene.server, user('ben'), id),
    await Talker.enter(scene.server, user('cleo'), id),
  ];
  gauge = await Gauge.at(ana.page);
  said = 0;
}

afterEach(async () => {
  for (const talker of talkers) await talker.leave();
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

/** A message as people write them: mostly a line, now and again several, or with marks. */
function text(index: number): string {
  const words = `Message ${index}: the quick brown fox jumps over the lazy dog`;
  if (index % 20 === 7)
    return `${words}\nand says so in a second line, which is a bit longer than the first one was.`;
  if (index % 20 === 13) return `${words}, *again*, with \`code\` and https://example.org/${index}`;
  return words;
}

/** The two talk in turns, some messages each. */
async function pour(rate: number, time: number): Promise<number> {
  const from = said;
  const [ben, cleo] = talkers;
  const began = performance.now();
  while (said - from < rate * time) {
    const due = Math.min(rate * time, ((performance.now() - began) / 1000) * rate);
    while (said - from < due) {
      (said % 10 < 6 ? ben : cleo)?.say(text(said));
      said += 1;
    }
    await pause(4);
  }
  return said - from;
}

/** Waits until the page has heard all that was said: each message has a row, and rows have ascending keys. */
async function heard(): Promise<void> {
  const last = ana.page.locator('[data-key]').last();
  await expect
    .poll(async () => Number(await last.getAttribute('data-key')), { timeout: 120_000 })
    .toBeGreaterThan(said);
}

const round = (value: number, digits = 0): string => value.toFixed(digits);

const met = (is: boolean): string => (is ? 'met' : 'NOT MET');

function report(what: string, { seconds: time, ...read }: Reading, messages = 0, rate = 0): void {
  const want = wanted.get(rate);
  const each = (spent: number): string =>
    messages > 0 ? `${round((spent / messages) * 1e6)} µs` : `${round((spent / time) * 100)} %`;
  console.log(
    [
      what,
      `${round(read.frames, 1)} frames/s${want ? ` (at least ${want.frames} are wanted: ${met(Math.round(read.frames) >= want.frames)})` : ''}, the longest ${round(read.longest)} ms${messages > 0 ? `; in ${round(read.drawn, 1)} a second messages came into view` : ''}`,
      `${read.longTasks} tasks over 50 ms, ${round(read.longTime)} ms together`,
      ...(read.keys > 0
        ? [
            `keys to the next painting: 98 % within ${read.key98} ms${want ? ` (at most ${want.key} are wanted: ${met(read.key98 <= want.key)})` : ''}, the slowest ${read.slowestKey} ms`,
          ]
        : []),
      `main thread ${round((read.busy / time) * 100)} % busy; ${messages > 0 ? 'a message' : 'of the time'}: script ${each(read.script)}, style ${each(read.style)}, layout ${each(read.layout)}, other ${each(read.busy - read.script - read.style - read.layout)}`,
      `load of the machine ${round(loadavg()[0] ?? 0, 1)}`,
    ].join('\n  '),
  );
}

test.each([
  { rate: 100, shared: true },
  { rate: 1000, shared: true },
  { rate: 5000, shared: true },
  // Over plain HTTP there is no such thread. Playwright has the browser tell it of every frame then, which takes time, too.
  { rate: 1000, shared: false },
])('$rate messages a second, with a thread of all tabs: $shared', async ({ rate, shared }) => {
  await enter(shared);
  await pour(rate, 2);
  await heard();
  await gauge.start();
  const pouring = pour(rate, seconds);
  await ana.composer.focus();
  let keys = 0;
  const until = performance.now() + seconds * 1000;
  for (; performance.now() < until; keys++) {
    await ana.page.keyboard.press(keys % 20 === 19 ? 'Control+A' : 'e');
    await pause(100);
  }
  const messages = await pouring;
  const poured = performance.now();
  await heard();
  const late = performance.now() - poured;
  report(
    `${rate} messages/s for ${seconds} s${shared ? '' : ', the connection in the page itself'}; all heard ${round(late)} ms after the last`,
    await gauge.read(keys),
    messages,
    shared ? rate : 0,
  );
});

test('scrolling through 20,000 messages', async () => {
  await enter();
  for (let batch = 0; batch < 20; batch++) {
    await pour(100_000, 0.01);
    await heard();
  }
  await ana.page.getByTestId('conversation').hover();
  for (const speed of [2000, 10_000, 50_000]) {
    await gauge.start();
    for (const until = performance.now() + 3000; performance.now() < until;) {
      await ana.page.mouse.wheel(0, -speed / 20);
      await pause(50);
    }
    report(`scrolling up at ${speed} pixels/s among ${said} messages`, await gauge.read(0));
  }
});

test('the heap', async () => {
  await enter();
  // All that is kept is there from the beginning.
  for (let batch = 0; batch < 22; batch++) {
    await pour(100_000, 0.01);
    await heard();
  }
  const heaps: number[] = [];
  const from = said;
  for (let part = 0; part < 12; part++) {
    heaps.push((await gauge.heap()) / 1e6);
    await pour(100, heapSeconds / 12);
    await heard();
  }
  heaps.push((await gauge.heap()) / 1e6);
  console.log(
    `the heap with all that is kept, over ${heapSeconds} s of 100 messages/s (${said - from}), in MB:\n  ${heaps.map((heap) => round(heap, 1)).join(' ')}\n  flat is wanted: ${met((heaps.at(-1) ?? 0) <= Math.min(...heaps) * wantedHeap)}`,
  );
});
