import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { attacks, isHarmless } from '../harness/attacks.ts';
import { chrome, flags } from '../harness/chrome.ts';
import { password, Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben'], { EARSHOT_SIGN_UP: 'open' });
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

describe('what people write is text', () => {
  test('in messages', async () => {
    await (await scene.api('ana')).createRoom({ name: 'kitchen' });
    const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
    await ana.enter('kitchen');
    await ben.enter('kitchen');
    for (const attack of attacks) await ana.write(attack);
    await expect.poll(() => ben.said()).toEqual(attacks);
    await expect.poll(() => ana.said()).toEqual(attacks);
    await isHarmless(ana);
    await isHarmless(ben);
  });

  test('in titles and topics of rooms', async () => {
    const api = await scene.api('ana');
    const ben = await scene.person('ben');
    for (const [at, attack] of attacks.entries()) {
      await api.createRoom({ name: `attack-${at}`, title: attack, topic: attack });
    }
    await ben.page.reload();
    for (const attack of attacks) {
      await ben.others.getByText(attack, { exact: true }).click();
      await ben.page.getByRole('heading', { level: 1, name: attack, exact: true }).waitFor();
      await expect.poll(() => ben.page.getByTestId('topic').textContent()).toBe(attack);
    }
    await isHarmless(ben);
  });

  test('in names, which are refused, and in addresses', async () => {
    const person = await scene.window('cleo');
    for (const attack of attacks) {
      await person.visit(`/signup?invitation=${encodeURIComponent(attack)}`);
      await person.submit({ Username: attack, Password: password }, 'Sign up');
      await person.page.getByRole('alert').first().waitFor();
      await isHarmless(person);
    }
    const ana = await scene.person('ana');
    for (const attack of attacks) {
      await ana.visit(`/rooms/${encodeURIComponent(attack)}`);
      await ana.page.getByRole('heading', { name: 'There is no such room' }).waitFor();
      await isHarmless(ana);
    }
  });

  test('and stays in its line, whatever direction it asks for', async () => {
    const api = await scene.api('ana');
    await api.createRoom({ name: 'right-to-left' });
    const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
    await ana.enter('right-to-left');
    await ben.enter('right-to-left');
    const text = '\u202eevil\u2066 שלום مرحبا';
    await ana.write(text);
    await expect.poll(() => ben.page.getByTestId('message-text').allTextContents()).toEqual([text]);
    const isolated = await ben.page
      .getByTestId('message-text')
      .locator('[dir=auto]')
      .evaluate((element) => getComputedStyle(element).unicodeBidi);
    expect(isolated).toMatch(/isolate|plaintext/);
  });
});

describe('one message does not wreck the view', () => {
  const zalgo = 'e\u0301\u0302\u0306\u0489\u0338'.padEnd(600, '\u030d\u0316');
  const hostile = `top ${zalgo}${'\n'.repeat(3000)}end ${'wall '.repeat(500)}`;

  test.each([1280, 320])('at %i px', async (width) => {
    await (await scene.api('ana')).createRoom({ name: `wall-${width}` });
    const [ana, ben] = [await scene.person('ana'), await scene.person('ben', { width, height: 720 })];
    await ana.enter(`wall-${width}`);
    await ben.enter(`wall-${width}`);
    await ana.say('before');
    // At once: a browser that types thousands of lines takes a minute for them on a slow machine.
    await ana.composer.evaluate((box: HTMLTextAreaElement, text) => {
      box.value = text;
      box.dispatchEvent(new InputEvent('input', { bubbles: true }));
    }, hostile);
    await ana.composer.press('Enter');
    const text = ben.page.getByTestId('message-text').nth(1);
    await ana.write('https://bank.example/\u202emoc.live//:sptth\nhttps://аррӏе.example/');
    const links = ben.page.getByTestId('message-text').getByRole('link');
    await links.first().waitFor();
    const high = async (): Promise<number> => (await text.boundingBox())?.height ?? 0;
    const button = ben.page.getByRole('button', { name: 'Show all' });
    await button.waitFor();
    const clamped = await high();
    expect(clamped).toBeLessThanOrEqual(24 * 16 + 1);
    expect((await text.boundingBox())?.width).toBeGreaterThan(width / 2);
    expect(await text.evaluate((element) => getComputedStyle(element).overflowY)).toBe('clip');
    // What turns the direction of writing ends the link, and the host that it leads to can be read.
    await expect
      .poll(() => links.allTextContents())
      .toEqual(['https://bank.example/', 'https://аррӏе.example/']);
    await ben.page.getByText('(xn--80ak6aa92e.example)').waitFor();
    if (width < 400) {
      await button.focus();
      await ben.page.keyboard.press('Enter');
      await expect.poll(high).toBeGreaterThan(clamped);
      await ben.page.getByRole('button', { name: 'Show less' }).press('Enter');
      await expect.poll(high).toBe(clamped);
    }
  });
});

describe('the policy', () => {
  test('lets nothing in that the server did not send', async () => {
    for (const path of ['/', '/login', '/rooms/kitchen', '/api/v1/server', '/nothing/here']) {
      const policy = (await fetch(scene.server.url + path)).headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
    }
  });

  test('stops a script that got in all the same, and the harness sees it', async () => {
    const ana = await scene.person('ana');
    await ana.page.evaluate(() => {
      const script = document.createElement('script');
      try {
        script.textContent = 'document.title = "pwned"';
      } catch {
        // Refused where it is written, in browsers that know trusted types; elsewhere it is refused where it would run.
      }
      document.body.append(script);
    });
    await expect.poll(() => ana.watch.faults.length).toBeGreaterThan(0);
    expect(await ana.page.title()).not.toBe('pwned');
    ana.watch.faults.length = 0;
  });
});

describe('what is said is kept nowhere', () => {
  const canary = 'canary-7f3b9c51';

  test('not by the browser, not by the server', async () => {
    await (await scene.api('ana')).createRoom({ name: 'aviary' });
    const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
    await ana.enter('aviary');
    await ben.enter('aviary');
    await ana.say(`${canary} said`);
    await ben.hears(`${canary} said`);
    await ben.composer.fill(`${canary} typed`);
    for (const person of [ana, ben]) expect(await person.kept()).not.toContain(canary);
    expect(await scene.server.whoHolds(canary)).toEqual([]);
    // What is kept is found this way.
    expect(await scene.server.whoHolds('aviary')).not.toEqual([]);
    await scene.server.stop();
    expect(await scene.server.whoHolds(canary)).toEqual([]);
    await scene.server.restart();
  });

  test('not in the profile that a browser leaves on the disk', async () => {
    const profile = await mkdtemp(join(tmpdir(), 'earshot-profile-'));
    try {
      await liveIn(profile, canary);
      // Address and title of the page are in the browser's history: what stands in them is kept.
      expect(await whatHolds(profile, '/rooms/aviary-2')).not.toEqual([]);
      expect(await whatHolds(profile, 'aviary-2 · ')).not.toEqual([]);
      expect(await whatHolds(profile, canary)).toEqual([]);
    } finally {
      await rm(profile, { recursive: true, force: true });
    }
  });
});

/** Talks and types in a browser whose profile stays on the disk, until the browser has kept what it keeps. */
async function liveIn(profile: string, canary: string): Promise<void> {
  await (await scene.api('ana')).createRoom({ name: 'aviary-2' });
  const ben = await scene.person('ben');
  await ben.enter('aviary-2');
  const options = { executablePath: chrome(), headless: true, args: flags };
  const context = await chromium.launchPersistentContext(profile, options);
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    await page.goto(`${scene.server.url}/login`);
    await page.getByLabel('Username', { exact: true }).fill('ana');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByTestId('rooms-others').getByRole('button', { name: 'aviary-2' }).click();
    await page.getByTestId('composer').fill(`${canary} said`);
    await page.getByTestId('composer').press('Enter');
    await ben.hears(`${canary} said`);
    await ben.say(`${canary} answered`);
    await page.getByText(`${canary} answered`).waitFor();
    await page.getByTestId('composer').pressSequentially(`${canary} typed`);
    // Beside it a field as careless pages have: the browser keeps a page's fields together, and when it has kept this
    // one, it has kept what there was to keep of the others.
    await page.evaluate(() => {
      const field = document.createElement('textarea');
      field.setAttribute('aria-label', 'Careless');
      document.body.append(field);
    });
    await page.getByLabel('Careless').pressSequentially('careless-draft');
    await expect
      .poll(() => whatHolds(join(profile, 'Default', 'Sessions'), 'careless-draft'))
      .not.toEqual([]);
  } finally {
    await context.close();
  }
}

/** The files under a folder that hold a text, in either of the encodings that browsers write. */
async function whatHolds(folder: string, text: string): Promise<string[]> {
  // As bytes: asked for a text in UTF-16, a Buffer looks at even places only.
  const forms = [Buffer.from(text, 'utf8'), Buffer.from(text, 'utf16le')];
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    // A browser that runs removes files, too.
    const content = await readFile(path).catch(() => Buffer.alloc(0));
    if (forms.some((form) => content.includes(form))) found.push(path);
  }
  return found;
}
