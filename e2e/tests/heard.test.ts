import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { noted } from '../harness/noted.ts';
import type { Person } from '../harness/person.ts';
import { lasting, Scene, user } from '../harness/scene.ts';
import { Talker, unlimited } from '../harness/talker.ts';
import { heardOf } from '../harness/tree.ts';

// What whoever does not see the page is told of it, by the accessibility tree.

let scene: Scene;
let made = 0;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben', 'cleo'], { ...unlimited, ...lasting, EARSHOT_SIGN_UP: 'open' });
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

/** A room that no other test has used. */
async function room(name = `room-${++made}`): Promise<{ id: number; name: string }> {
  return { id: await (await scene.api('ana')).createRoom({ name }), name };
}

/** Ana and Ben in a room. */
async function pair(): Promise<[ana: Person, ben: Person, name: string]> {
  const { name } = await room();
  const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
  for (const person of [ana, ben]) await person.enter(name);
  await ana.passage('ben entered').waitFor();
  return [ana, ben, name];
}

/** Waits until a part of the page is heard as it should be. */
async function hears(part: Locator, what: RegExp): Promise<void> {
  await expect.poll(() => part.ariaSnapshot()).toMatch(what);
}

const log = (person: Person): Locator => person.page.getByRole('log', { name: 'Conversation' });

test('who said what, when, how loud, and what became of it', async () => {
  const [ana, ben] = await pair();
  await ben.say('Bread?');
  await ana.hears('Bread?');
  await hears(log(ana), /ben[^]*time: \d\d:\d\d[^]*Bread\?/);
  // Messages of a group are told apart as those of one author.
  await ben.say('And butter?');
  await hears(ana.message('And butter?'), /time: \d\d:\d\d[^]*ben[^]*And butter\?/);

  const loudness = ben.page.getByTestId('loudness');
  await ben.composer.fill('psst');
  await ben.composer.press('Control+ArrowDown');
  await ben.composer.press('Control+ArrowDown');
  await loudness.getByText('A whisper').waitFor();
  await ben.composer.press('Enter');
  await hears(log(ana), /A whisper[^]*psst/);
  await ben.composer.fill('DINNER');
  await ben.composer.press('Control+ArrowUp');
  await ben.composer.press('Control+ArrowUp');
  await loudness.getByText('A shout').waitFor();
  await ben.composer.press('Enter');
  await hears(log(ana), /A shout[^]*DINNER/);

  await ben.amend('DINNER');
  await ben.write('Dinner!');
  await hears(log(ana), /Dinner![^]*edited/);
  // The box has the focus when this is over.
  await ben.page.getByTestId('aim').waitFor({ state: 'detached' });
  await ben.atMessage();
  await ben.page.keyboard.press('Delete');
  await ben.page.getByTestId('message-tools').getByRole('button', { name: 'Take back' }).click();
  await hears(log(ana), /Taken back/);

  // An answer, a reaction, and who has seen it.
  await ana.atMessage(2);
  await ana.page.keyboard.press('r');
  await ana.page.getByTestId('aim').waitFor();
  await ana.write('I bring some');
  await hears(log(ben), /button "In answer to .ben.: And butter\?"[^]*I bring some/);
  await ben.message('I bring some').hover();
  await ben.page.getByTestId('message-tools').getByRole('button', { name: 'React with 👍' }).click();
  await hears(log(ana), /group "Reactions":[^]*button "👍 1: .ben."/);
  await hears(log(ben), /button "👍 1: .you." \[pressed\]/);
  await ana.own('I bring some').waitFor();
  await hears(log(ana), /I bring some[^]*heard by 1[^]*Seen by .ben./);
});

test('who is there, who types, and how many hear it', async () => {
  const [ana, ben] = await pair();
  const described = async (): Promise<string> => (await heardOf(ana, ana.composer)).description;
  await expect.poll(described).toBe('1 person will hear this.');
  const box = await heardOf(ana, ana.composer);
  expect([box.role, box.name]).toEqual(['textbox', 'Message']);
  expect(box.is['invalid']).not.toBe('true');
  await hears(ana.page.getByRole('complementary', { name: 'People in this room' }), /ana[^]*you[^]*ben/);
  // It is told for a few seconds after a key.
  await expect
    .poll(async () => {
      await ben.composer.press('m');
      return await ana.page.getByRole('main').ariaSnapshot();
    })
    .toMatch(/ben is typing…/);
  await ben.write('/away');
  await hears(ana.page.getByRole('complementary'), /ben[^]*away/);
  await ana.composer.fill('x'.repeat(9000));
  await expect.poll(async () => (await heardOf(ana, ana.composer)).is['invalid']).toBe('true');
  await expect.poll(described).toMatch(/bytes too long/);
  await hears(ana.page.locator('form'), /status: [\d,]+ bytes too long/);
  await ana.composer.fill('');
  await ben.roomMenu('Leave room');
  await expect.poll(described).toBe('Nobody else is here to hear you.');
});

test('what is unread, meant for one, silenced, and where one is', async () => {
  // Rooms that are there before people are: the list is asked for now and then only.
  const { name: second } = await room();
  const [ana, ben, first] = await pair();
  await ana.others.getByRole('button', { name: second }).click();
  await ana.isIn(second);
  await ben.say('one');
  await ben.write('@ana two');
  await hears(ana.joined, new RegExp(`link "${first} @1 mention of you 2 unread"`));
  const here = ana.joined.getByRole('link', { name: second });
  await expect.poll(() => here.getAttribute('aria-current')).toBe('page');
  expect(await ana.joined.getByRole('link', { name: first }).getAttribute('aria-current')).toBeNull();
  await hears(ana.page.getByTestId('room-list'), /heading "Your rooms"[^]*list "Your rooms"/);

  await ana.joined.getByRole('link', { name: first }).click();
  await hears(log(ana), /While you were away[^]*one[^]*two/);
  await here.click({ button: 'right' });
  const levels = ana.page.getByTestId('levels').filter({ visible: true });
  await hears(levels, /group "Notify me about[^]*radio "Everything/);
  await levels.getByText('Nothing', { exact: true }).click();
  await ana.page.keyboard.press('Escape');
  await hears(ana.joined, new RegExp(`link "${second} silenced"`));
});

test('that messages come too fast to be read out, and how many', async () => {
  const { id, name } = await room();
  const ana = await scene.person('ana');
  await ana.enter(name);
  const live = async (): Promise<unknown> => (await heardOf(ana, log(ana))).is['live'];
  await expect.poll(live).toBe('polite');
  const ben = await Talker.enter(scene.server, user('ben'), id);
  await ana.passage('ben entered').waitFor();
  const pace = ana.page.getByTestId('pace');
  const [loud, told] = [await noted(log(ana), 'aria-live'), await noted(pace)];
  for (let said = 0; said < 12; said++) ben.say(`message ${said}`);
  await expect.poll(loud).toEqual(['polite', 'off', 'polite']);
  // The first few may have been read out: how many come in one frame is not said.
  const words = (await told()).filter((one) => one !== '');
  for (const one of words) expect(one).toMatch(/^\d+ new messages?\s?$/);
  const sum = words.reduce((all, one) => all + parseInt(one, 10), 0);
  expect(sum).toBeGreaterThanOrEqual(7);
  expect(sum).toBeLessThanOrEqual(12);
  expect((await heardOf(ana, pace)).role).toBe('status');
  await expect.poll(live).toBe('polite');
  await ben.leave();
});

test('what a new day is called', async () => {
  const { id, name } = await room();
  const ana = await scene.window('ana');
  await ana.page.clock.install({ time: Date.now() - 86_400_000 });
  await ana.logIn();
  await ana.enter(name);
  const ben = await Talker.enter(scene.server, user('ben'), id);
  ben.say('today');
  await hears(log(ana), /paragraph: (?!Today)[A-Z][^]*today/);
  await ben.leave();
});

test('what is wrong with a field is told with the field', async () => {
  const eve = await scene.window('eve');
  await eve.visit('/signup');
  const name = eve.page.getByLabel('Username', { exact: true });
  await name.waitFor();
  expect((await heardOf(eve, name)).is['invalid']).not.toBe('true');
  const tries = [
    { field: name, Username: '<>', Password: '123' },
    { field: eve.page.getByLabel('Password', { exact: true }), Username: 'eve', Password: '123' },
  ];
  for (const { field, ...typed } of tries) {
    await eve.submit(typed, 'Sign up');
    await expect.poll(async () => (await heardOf(eve, field)).is['invalid']).toBe('true');
    const error = await field.evaluate((box) => {
      const ids = box.getAttribute('aria-describedby')?.split(' ') ?? [];
      return document.getElementById(ids.find((id) => id.endsWith('-error')) ?? '')?.textContent.trim();
    });
    expect(error).toBeTruthy();
    expect((await heardOf(eve, field)).description).toContain(error);
  }
  // What is wrong with the whole is announced.
  await eve.visit('/login');
  await eve.submit({ Username: 'ana', Password: 'wrong' }, 'Log in');
  expect((await heardOf(eve, eve.page.getByRole('alert'))).role).toBe('alert');
});

test('what a dialog is called, and what it asks', async () => {
  const [ana, , name] = await pair();
  const open = async (item: string): Promise<Locator> => {
    await ana.roomMenu(item);
    return ana.page.getByRole('dialog');
  };
  const asked = await heardOf(ana, await open('Delete room'));
  expect([asked.role, asked.name]).toEqual(['dialog', 'Delete this room?']);
  expect(asked.description).toContain(`${name} closes for everybody who is inside`);
  expect(asked.is['modal']).toBe(true);
  const away = async (): Promise<void> => {
    await ana.page.keyboard.press('Escape');
    await ana.undisturbed();
  };
  await away();
  await ana.page.keyboard.press('Control+k');
  const switcher = await heardOf(ana, ana.page.getByTestId('switcher'));
  expect([switcher.role, switcher.name]).toEqual(['dialog', 'Go to a room or do something']);
  await away();
  await ana.page.getByRole('heading', { level: 1 }).focus();
  await ana.page.keyboard.press('?');
  expect((await heardOf(ana, ana.page.getByRole('dialog'))).name).toBe('Keyboard shortcuts');
});

test('how it stands with the connection, and what was missed', async () => {
  const [ana, ben] = await pair();
  const state = ana.page.getByTestId('connection').getByRole('status');
  await expect.poll(() => state.count()).toBe(1);
  await scene.server.stop('SIGKILL');
  await hears(state, /status: "?Not connected: /);
  // A count that goes down is not read out; the button is there.
  await hears(ana.page.getByTestId('connection'), /button "Try now"/);
  await hears(log(ana), /You have been disconnected since \d\d:\d\d/);
  await ana.write('patience');
  await hears(log(ana), /patience[^]*Waiting for the connection\.[^]*button "Discard"/);
  await expect
    .poll(async () => (await heardOf(ana, ana.composer)).description)
    .toMatch(/^Not connected: what you send waits here/);
  await scene.server.restart();
  await ana.online();
  await ben.online();
  await hears(log(ana), /The server was restarted; what was said meanwhile did not reach you\./);
});
