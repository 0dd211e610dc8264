import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { amiss, overhang } from '../harness/look.ts';
import type { Person, Setup } from '../harness/person.ts';
import { lasting, Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben'], lasting);
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

/** Two people in a room that no other test has used. */
let made = 0;
async function pair(setup: Setup = {}): Promise<[Person, Person]> {
  const name = `room-${++made}`;
  await (await scene.api('ana')).createRoom({ name });
  const people = [await scene.person('ana', setup), await scene.person('ben', setup)] as [Person, Person];
  for (const person of people) await person.enter(name);
  await people[0].passage('ben entered').waitFor();
  return people;
}

/** Chooses from the tools of a message, with the mouse. */
async function choose(person: Person, text: string, tool: string): Promise<void> {
  await person.message(text).hover();
  await person.page.getByTestId('message-tools').getByRole('button', { name: tool, exact: true }).click();
}

const quotes = (person: Person): Promise<string[]> => person.page.getByTestId('quote').allInnerTexts();

/** The emoji at the messages, with how many put each. */
const chips = (person: Person): Promise<string[]> =>
  person.page
    .getByTestId('reactions')
    .getByRole('button')
    .evaluateAll((all) =>
      all.map(
        (one) =>
          `${one.textContent.replaceAll(/\s/g, '')}${one.getAttribute('aria-pressed') === 'true' ? '!' : ''}`,
      ),
    );

/** What the memory of the page holds of a text, by a picture of its heap. */
async function inMemory(person: Person, text: string): Promise<boolean> {
  const cdp = await person.context.newCDPSession(person.page);
  let found = false;
  let rest = '';
  cdp.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => {
    found ||= (rest + chunk).includes(text);
    rest = chunk.slice(-text.length);
  });
  await cdp.send('HeapProfiler.enable');
  await cdp.send('HeapProfiler.collectGarbage');
  await cdp.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  await cdp.detach();
  return found;
}

describe('two people', () => {
  test('answer each other: what is quoted leads to what was said', async () => {
    const [ana, ben] = await pair();
    await ana.say('Shall we meet?\nOr not?');
    await ben.hears('Shall we meet?\nOr not?');
    await choose(ben, 'Shall we meet?\nOr not?', 'Reply');
    await ben.page.getByTestId('aim').getByText('Shall we meet?').waitFor();
    await ben.composer.press('Escape');
    await ben.page.getByTestId('aim').waitFor({ state: 'detached' });

    // By keyboard: from the box to the message and back, with R.
    await ben.atMessage();
    await ben.page.keyboard.press('r');
    await ben.page.getByTestId('aim').waitFor();
    await ben.page.keyboard.type('Yes');
    await ben.page.keyboard.press('Enter');
    await ana.hears('Yes');
    await expect.poll(() => quotes(ana)).toEqual(['ana\nShall we meet?']);
    await expect.poll(() => quotes(ben)).toEqual(['ana\nShall we meet?']);
    await ana.page.getByTestId('quote').click();
    await expect.poll(() => ana.message('Shall we meet?\nOr not?').getAttribute('data-found')).not.toBeNull();
    await ana.roomMenu('Clear my view');
    await expect.poll(() => ana.said()).toEqual([]);
    await expect.poll(() => ana.markers()).toEqual(['cleared']);
    await choose(ben, 'Yes', 'Reply');
    await ben.page.getByTestId('aim').waitFor();
    await ben.write('To that');
    await ana.hears('To that');
    await expect.poll(() => quotes(ana)).toEqual(['In answer to a message that is no longer here']);
  });

  test('react, by buttons, chips and keys', async () => {
    const [ana, ben] = await pair();
    await ana.say('Bread?');
    await ben.hears('Bread?');
    await choose(ben, 'Bread?', 'React with 👍');
    await expect.poll(() => chips(ben)).toEqual(['👍1!']);
    await expect.poll(() => chips(ana)).toEqual(['👍1']);
    await ana.page.getByRole('button', { name: '👍 1: \u2068ben\u2069' }).click();
    await expect.poll(() => chips(ben)).toEqual(['👍2!']);
    await ben.page.getByRole('button', { name: '👍 2: \u2068you\u2069 and \u2068ana\u2069' }).click();
    await expect.poll(() => chips(ana)).toEqual(['👍1!']);
    await expect.poll(() => chips(ben)).toEqual(['👍1']);

    await ben.atMessage();
    await ben.page.keyboard.press('+');
    await ben.page.getByLabel('Find an emoji').fill('croissant');
    const first = ben.page.getByRole('gridcell').first();
    await first.and(ben.page.getByRole('gridcell', { name: 'croissant' })).waitFor();
    await ben.page.keyboard.press('Enter');
    await expect.poll(() => chips(ana)).toEqual(['👍1!', '🥐1']);
    expect(await amiss(ben)).toEqual([]);
  });

  test('change and take back what they said, and nothing of it is left', async () => {
    const [ana, ben] = await pair();
    await ana.say('first canary-51c7');
    await ben.page.getByTestId('message-text').waitFor();
    expect(await inMemory(ben, 'canary-51c7')).toBe(true);
    await ana.amend('first canary-51c7');
    await ana.composer.press('Escape');
    await expect.poll(() => ana.composer.inputValue()).toBe('');
    await ana.amend('first canary-51c7');
    await ana.write('another');
    await expect.poll(() => ben.said()).toEqual(['another']);
    await expect.poll(() => ana.said()).toEqual(['another']);
    await ben.page.getByTestId('edited').waitFor();
    await expect.poll(() => ana.composer.inputValue()).toBe('');
    await expect.poll(() => inMemory(ben, 'canary-51c7')).toBe(false);

    await ana.say('second canary-66d2');
    await expect.poll(() => ben.said()).toEqual(['another', 'second canary-66d2']);
    await choose(ana, 'second canary-66d2', 'Take back');
    await ana.page.getByTestId('message-tools').getByRole('button', { name: 'Take back' }).click();
    await ben.page.getByTestId('taken-back').waitFor();
    await ana.page.getByTestId('taken-back').waitFor();
    await expect.poll(() => inMemory(ben, 'canary-66d2')).toBe(false);
    // What is another's can only be answered.
    await ben.message('another').hover();
    await ben.page.getByTestId('message-tools').getByRole('button', { name: 'Reply' }).waitFor();
    expect(await ben.page.getByRole('button', { name: 'Edit' }).count()).toBe(0);
  });

  test('whisper and shout, by key and by mouse', async () => {
    const [ana, ben] = await pair();
    await ana.composer.fill('BREAD');
    await ana.composer.press('Control+ArrowUp');
    await ana.composer.press('Control+ArrowUp');
    await ana.page.getByTestId('loudness').getByText('A shout').waitFor();
    await ana.composer.press('Enter');
    await ana.say('as ever');
    const size = (text: string): Promise<string | null> => ben.message(text).getAttribute('data-size');
    await ben.hears('as ever');
    expect([await size('BREAD'), await size('as ever')]).toEqual(['2', null]);

    await ana.composer.fill('psst');
    // It stands still by then.
    await ana.page.getByRole('button', { name: 'Send', exact: true }).hover();
    const button = await ana.page.getByRole('button', { name: 'Send', exact: true }).boundingBox();
    const [x, y] = [(button?.x ?? 0) + 10, (button?.y ?? 0) + 10];
    await ana.page.mouse.move(x, y);
    await ana.page.mouse.down();
    await ana.page.mouse.move(x, y + 60, { steps: 4 });
    await ana.page.mouse.up();
    await ana.page.getByTestId('loudness').getByText('A whisper').waitFor();
    await ana.page.getByRole('button', { name: 'Send', exact: true }).click();
    await ben.hears('psst');
    expect(await size('psst')).toBe('-2');
  });

  test('see who has seen what, if it was before their eyes', async () => {
    const [ana, ben] = await pair();
    await ben.roomMenu('Leave room');
    await ana.say('Anybody?');
    await ben.enter(`room-${made}`);
    await ana.say('Hello');
    await ana.page.getByTestId('seen').getByText('Seen by \u2068ben\u2069').waitFor();
  });
});

const attacks = [
  '<img src=x onerror="alert(1)">',
  '[x](javascript:alert(1))',
  '</p><script>alert(1)</script>',
];

test('what is quoted, changed and put to messages is text', async () => {
  const [ana, ben] = await pair({ width: 320, height: 640 });
  for (const attack of attacks) {
    await ana.say('plain');
    await ana.amend('plain');
    await ana.write(attack);
    await expect.poll(async () => (await ben.said()).at(-1)).toBe(attack);
    await choose(ben, attack, 'Reply');
    await ben.page.getByTestId('aim').waitFor();
    await ben.write('ok');
    await expect.poll(async () => (await quotes(ana)).at(-1)).toBe(`ana\n${attack}`);
  }
  const strange = await ben.page
    .getByTestId('conversation')
    .evaluate((log) => log.querySelectorAll('img, script, iframe, a[href^="javascript"]').length);
  expect(strange).toBe(0);
  expect(await overhang(ben)).toBe(0);
  expect(await amiss(ben)).toEqual([]);
});

test('a change that leaves nothing is not made, and how to take the message back is told', async () => {
  const [ana, ben] = await pair();
  await ana.say('To be emptied');
  await ana.amend('To be emptied');
  for (const nothing of ['', ' \n']) {
    await ana.composer.fill(nothing);
    await expect.poll(() => ana.page.getByTestId('notice').count()).toBe(0);
    await ana.composer.press('Enter');
    await ana.page.getByTestId('notice').getByText('choose “Take back”').waitFor();
    expect(await ana.composer.inputValue()).toBe(nothing);
  }
  await ana.composer.fill('With words again');
  await ana.composer.press('Enter');
  await ben.hears('With words again');
  expect(await ana.page.getByTestId('notice').count()).toBe(0);
});

test('the key that changes a message says that it is too late for that', async () => {
  const own = await Scene.set(['ana'], { EARSHOT_RESUME_WINDOW: '2s', EARSHOT_RESUME_GRACE: '1s' });
  try {
    await (await own.api('ana')).createRoom({ name: 'kitchen' });
    const ana = await own.person('ana');
    await ana.enter('kitchen');
    await ana.say('As it is');
    // As long as it can be changed, arrow up begins to.
    await expect
      .poll(async () => {
        await ana.composer.press('Escape');
        await ana.composer.press('ArrowUp');
        return await ana.page.getByTestId('notice').allInnerTexts();
      })
      .toEqual(['There is nothing of yours that can still be changed.']);
    await ana.atMessage();
    await ana.page.keyboard.press('e');
    await ana.page.getByTestId('message-tools').getByText('It is too late').waitFor();
    expect(await ana.composer.inputValue()).toBe('');
    expect(await amiss(ana)).toEqual([]);
    await own.clear();
  } finally {
    await own.end();
  }
});
