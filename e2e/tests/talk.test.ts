import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { noted } from '../harness/noted.ts';
import { Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben', 'cleo']);
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

/** Makes rooms with names that no other test has used. */
let made = 0;
async function rooms(count: number): Promise<string[]> {
  const api = await scene.api('ana');
  const titles = Array.from({ length: count }, () => `room-${++made}`);
  for (const name of titles) await api.createRoom({ name });
  return titles;
}

describe('two people on two browsers', () => {
  test('talk in several rooms at once over one WebSocket each', async () => {
    const [kitchen = '', garden = '', cellar = ''] = await rooms(3);
    const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
    for (const room of [kitchen, garden, cellar]) {
      await ana.enter(room);
      await ben.enter(room);
    }
    for (const room of [kitchen, garden, cellar]) {
      await ana.look(room);
      await ben.look(room);
      await ana.say(`ana in ${room}`);
      await ben.hears(`ana in ${room}`);
      await ben.say(`ben in ${room}`);
      await ana.hears(`ben in ${room}`);
      await ana.own(`ana in ${room}`).getByText('heard by 1').waitFor();
    }
    // What was said in one room is in that room only.
    for (const person of [ana, ben]) {
      for (const room of [kitchen, garden, cellar]) {
        await person.look(room);
        await expect.poll(() => person.said()).toEqual([`ana in ${room}`, `ben in ${room}`]);
      }
      expect(person.watch.sockets.map((socket) => new URL(socket.url()).pathname)).toEqual(['/ws']);
      await expect.poll(() => person.watch.open.length).toBe(1);
    }
  });

  test('see who is there, who enters and who leaves', async () => {
    const [room = ''] = await rooms(1);
    const ana = await scene.person('ana');
    await ana.enter(room);
    await ana.page.getByText('Nobody else is here.').first().waitFor();
    await expect.poll(() => ana.occupants()).toEqual(['ana']);

    const ben = await scene.person('ben');
    await ben.enter(room);
    await ana.passage('ben entered').waitFor();
    await expect.poll(() => ana.occupants()).toEqual(['ana', 'ben']);
    await expect.poll(() => ben.occupants()).toEqual(['ana', 'ben']);
    await ana.page.getByText('1 person will hear this.').waitFor();

    await ben.roomMenu('Leave room');
    await ben.others.getByRole('button', { name: room }).waitFor();
    await expect.poll(() => ana.occupants()).toEqual(['ana']);
    await ana.passage(/ben (left|came and went)/).waitFor();
  });

  test('see a departure when the other closes the window', async () => {
    const [room = ''] = await rooms(1);
    const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
    await ana.enter(room);
    await ben.enter(room);
    await ana.passage('ben entered').waitFor();
    await ana.say('are you going?');
    await ben.page.close();
    await ana.passage('ben left').waitFor();
    await expect.poll(() => ana.occupants()).toEqual(['ana']);
  });

  test('see each other typing, and stopping', async () => {
    const [room = ''] = await rooms(1);
    const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
    await ana.enter(room);
    await ben.enter(room);
    const told = await noted(ana.page.getByTestId('typing'));
    await ben.composer.pressSequentially('well');
    await expect.poll(told).toContainEqual(expect.stringContaining('ben is typing…'));
    expect(await ben.page.getByTestId('typing').innerText()).toBe('');
    await ben.composer.press('Enter');
    await ana.hears('well');
    await expect.poll(() => ana.page.getByTestId('typing').innerText()).toBe('');
    // It is told again after a while: not at every key. Who stops without sending is forgotten after some seconds.
    await expect
      .poll(async () => {
        await ben.composer.press('m');
        return await ana.page.getByTestId('typing').innerText();
      })
      .toBe('ben is typing…');
    await expect.poll(() => ana.page.getByTestId('typing').innerText()).toBe('');
  });

  test('count what they have not read', async () => {
    const [here = '', there = ''] = await rooms(2);
    const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
    await ana.enter(there);
    await ana.enter(here);
    await ben.enter(there);
    await ben.say('one');
    await ben.say('two');
    await ben.say('three');
    await expect.poll(() => ana.unread(there)).toBe(3);
    await expect.poll(() => ana.page.title()).toMatch(/^\(3\) /);
    expect(await ana.unread(here)).toBe(0);
    await ana.look(there);
    await expect.poll(() => ana.unread(there)).toBe(0);
    await expect.poll(() => ana.page.title()).not.toMatch(/^\(/);
    await expect.poll(() => ana.said()).toEqual(['one', 'two', 'three']);
  });

  test('say more than a line: Shift+Enter breaks, Enter sends', async () => {
    const [room = ''] = await rooms(1);
    const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
    await ana.enter(room);
    await ben.enter(room);
    await ana.composer.pressSequentially('first');
    await ana.composer.press('Shift+Enter');
    await ana.composer.pressSequentially('second');
    await ana.composer.press('Enter');
    await expect.poll(() => ben.said()).toEqual(['first\nsecond']);
    await expect.poll(() => ana.composer.inputValue()).toBe('');
  });
});

describe('a room', () => {
  test('tells nobody what was said before they entered', async () => {
    const [room = ''] = await rooms(1);
    const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
    await ana.enter(room);
    await ana.say('before');
    await ben.enter(room);
    await ana.say('after');
    await ben.hears('after');
    expect(await ben.said()).toEqual(['after']);
    // Nor does it tell them again what they heard, when they load the page anew.
    await ben.page.reload();
    await ben.isIn(room);
    await ana.say('again');
    await ben.hears('again');
    expect(await ben.said()).toEqual(['again']);
  });

  test('counts a person with two tabs once', async () => {
    const [room = ''] = await rooms(1);
    const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
    await ana.enter(room);
    await ben.enter(room);
    const second = await ben.tab();
    await second.visit(`/rooms/${room}`);
    await second.isIn(room);
    await expect.poll(() => ana.occupants()).toEqual(['ana', 'ben']);
    await second.say('from the second tab');
    await ben.hears('from the second tab');
    await ana.hears('from the second tab');
    await ana.say('to both tabs');
    await ben.hears('to both tabs');
    await second.hears('to both tabs');
    await ana.own('to both tabs').getByText('heard by 1').waitFor();
    await second.page.close();
    await ana.say('and now?');
    await ben.hears('and now?');
    await expect.poll(() => ana.occupants()).toEqual(['ana', 'ben']);
    expect(await ana.passage(/ben (left|came)/).count()).toBe(0);
  });

  test('has one order for everybody', async () => {
    const [room = ''] = await rooms(1);
    const people = [await scene.person('ana'), await scene.person('ben'), await scene.person('cleo')];
    for (const person of people) await person.enter(room);
    await Promise.all(
      people.map(async (person) => {
        for (let i = 0; i < 10; i++) await person.say(`${person.user.name} ${i}`);
      }),
    );
    const [first, ...rest] = await Promise.all(
      people.map(async (person) => {
        await expect.poll(async () => (await person.said()).length).toBe(30);
        return await person.said();
      }),
    );
    for (const order of rest) expect(order).toEqual(first);
  });
});
