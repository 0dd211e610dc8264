import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { isFocused } from '../harness/focus.ts';
import { noted } from '../harness/noted.ts';
import type { Person } from '../harness/person.ts';
import { Scene, user } from '../harness/scene.ts';
import { Talker, unlimited } from '../harness/talker.ts';

let scene: Scene;
let made = 0;
let room = '';
let ben: Talker;
let ana: Person;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben'], unlimited);
});
beforeEach(async () => {
  room = `room-${++made}`;
  const id = await (await scene.api('ana')).createRoom({ name: room });
  ana = await scene.person('ana');
  await ana.enter(room);
  ben = await Talker.enter(scene.server, user('ben'), id);
  await ana.passage('ben entered').waitFor();
});
afterEach(async () => {
  await ben.leave();
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

const words = (at: number): string => `word ${at}`;
/** What is read aloud when it changes, as the browser tells it to a screen reader. */
const aloud = async (): Promise<Record<string, string>> => {
  const session = await ana.context.newCDPSession(ana.page);
  try {
    const { nodes } = await session.send('Accessibility.getFullAXTree');
    const live = nodes.flatMap(({ role, properties, nodeId }) => {
      const set = properties?.find(({ name }) => name === 'live')?.value.value as string | undefined;
      return role?.value === 'log' || role?.value === 'status'
        ? [[nodeId, String(role.value), set ?? 'off'] as const]
        : [];
    });
    return Object.fromEntries(live.map(([, role, set]) => [role, set]));
  } finally {
    await session.detach();
  }
};
const conversation = () => ana.page.getByTestId('conversation');
const rows = async (): Promise<number> => await ana.page.locator('[data-key]').count();
/** How far the end of the conversation is below what is seen. */
const below = async (): Promise<number> =>
  await conversation().evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);
const pour = async (count: number, from = 0): Promise<void> => {
  for (let at = from; at < from + count; at++) ben.say(words(at));
  await ana.message(words(from + count - 1)).waitFor();
};

test('of thousands of messages the page has those that are seen, each in its place', async () => {
  await pour(3000);
  await expect.poll(below).toBeLessThan(2);
  await expect.poll(rows).toBeLessThan(300);
  // Up to the first one, and what is read stays where it is while others come.
  await conversation().hover();
  await ana.page.mouse.wheel(0, -200_000);
  await ana.message(words(0)).waitFor();
  await expect.poll(() => conversation().evaluate((log) => log.scrollTop)).toBe(0);
  await ana.page.mouse.wheel(0, 9000);
  await ana.message(words(330)).waitFor();
  const middle = async (): Promise<{ text: string; top: number }> =>
    await conversation().evaluate((log) => {
      const { left, top, width, height } = log.getBoundingClientRect();
      const at = document.elementFromPoint(left + width / 2, top + height / 2)?.closest('[data-key]');
      return { text: at?.textContent ?? '', top: at?.getBoundingClientRect().top ?? 0 };
    });
  let [seen, before] = [await middle(), { text: '', top: 0 }];
  await expect
    .poll(async () => {
      [before, seen] = [seen, await middle()];
      return seen.top === before.top && seen.text === before.text && seen.text !== '';
    })
    .toBe(true);
  for (let at = 3000; at < 3400; at++) ben.say(words(at));
  const pill = ana.page.getByRole('button', { name: '400 new' });
  await pill.waitFor();
  const now = await middle();
  expect(now.text).toBe(seen.text);
  expect(Math.abs(now.top - seen.top)).toBeLessThan(2);
  await pill.click();
  await ana.message(words(3399)).waitFor();
  await expect.poll(below).toBeLessThan(2);
  // No message is there twice or out of its place.
  const misplaced = async (): Promise<number[]> => {
    const said = (await ana.said()).map((text) => Number(text.slice(5)));
    return said.filter((number, at) => number !== (said[0] ?? 0) + at);
  };
  await expect.poll(misplaced).toEqual([]);
});

test('the focus and the selection stay while thousands of messages go by', async () => {
  await pour(200);
  const focused = ana.message(words(190));
  await focused.focus();
  await ana
    .message(words(180))
    .getByTestId('message-text')
    .evaluate((text) => getSelection()?.selectAllChildren(text));
  await pour(2000, 200);
  expect(await isFocused(focused)).toBe(true);
  expect(await ana.page.evaluate(() => getSelection()?.toString())).toBe(words(180));
  // The arrow keys go on from there, as soon as what hears them is there.
  await ana.page.getByTestId('message-tools').waitFor();
  await ana.page.keyboard.press('ArrowUp');
  await ana.page.keyboard.press('ArrowUp');
  await expect.poll(() => isFocused(ana.message(words(188)))).toBe(true);
  await expect.poll(() => ana.message(words(188)).isVisible()).toBe(true);
});

test('one scrolls up however fast they come', async () => {
  await pour(500);
  const stop = new AbortController();
  const pouring = ben.pour(300, 240, (at) => `drop ${at}`, stop.signal);
  await ana.page
    .getByTestId('message')
    .filter({ hasText: /drop \d{3}/ })
    .first()
    .waitFor();
  await conversation().hover();
  // Whoever sees the page go on turns the wheel again, as on a machine that is slow to scroll.
  const fresh = ana.page.getByRole('button', { name: /new$/ });
  await expect
    .poll(async () => {
      await ana.page.mouse.wheel(0, -300);
      return await fresh.isVisible();
    })
    .toBe(true);
  stop.abort();
  await pouring;
});

test('a few messages are read out, and of many their number', async () => {
  await expect.poll(aloud).toMatchObject({ log: 'polite', status: 'polite' });
  await pour(2);
  expect(await aloud()).toMatchObject({ log: 'polite' });
  const loud = await noted(conversation(), 'aria-live');
  const told = await noted(ana.page.getByTestId('pace'));
  await pour(20, 2);
  await expect.poll(loud).toEqual(['polite', 'off', 'polite']);
  // But for the first few, which may have been read out.
  const sum = (await told()).reduce((all, words) => all + (parseInt(words, 10) || 0), 0);
  expect(sum).toBeGreaterThanOrEqual(15);
  expect(sum).toBeLessThanOrEqual(20);
  await expect.poll(aloud).toMatchObject({ log: 'polite', status: 'polite' });
});

test('the oldest go, and the page says so', async () => {
  await pour(20_600);
  await ana.page.getByTestId('gone').getByText('The oldest 501 lines are gone', { exact: false }).waitFor();
  await expect.poll(rows).toBeLessThan(300);
});
