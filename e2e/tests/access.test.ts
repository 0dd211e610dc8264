import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { dress, type Look } from '../harness/dress.ts';
import { amiss, overhang } from '../harness/look.ts';
import type { Person } from '../harness/person.ts';
import { Scene } from '../harness/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.set(['ana', 'ben'], { EARSHOT_SIGN_UP: 'open' });
  const api = await scene.api('ana');
  await api.createRoom({ name: 'kitchen', title: 'المطبخ', topic: 'What is cooking?' });
  await api.createRoom({ name: 'garden' });
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

/** What look.test.ts and its siblings do not look at: it has light and dark, in English. */
const looks: Look[] = [
  { theme: 'contrast' },
  { theme: 'dark', language: 'ar' },
  { theme: 'contrast', language: 'ar', text: 'huge' },
];

/** Looks at the page as it is, in every look. */
async function looked(person: Person, name: string): Promise<void> {
  for (const look of looks) {
    await dress(person, look);
    const which = `${name}, ${JSON.stringify(look)}`;
    expect.soft(await amiss(person), which).toEqual([]);
    expect.soft(await overhang(person), `${which} is wider than the window`).toBeLessThanOrEqual(0);
  }
  await dress(person, {});
  await fitsEnlarged(person, name);
}

/** A window of 1280 pixels is one of 640 at 200 % (WCAG 2.2, 1.4.4); that of 320 is one at 400 % (1.4.10). */
async function fitsEnlarged(person: Person, name: string): Promise<void> {
  const window = person.page.viewportSize();
  if (window?.width !== 1280) return;
  await person.resize({ width: 640, height: 400 });
  expect.soft(await overhang(person), `${name} is wider than the window at 200 %`).toBeLessThanOrEqual(0);
  await person.resize(window);
}

describe.each([
  { width: 1280, height: 800 },
  { width: 320, height: 640 },
])('$width pixels wide', (window) => {
  test('every page can be read in high contrast and from right to left, and fits the window', async () => {
    const ben = await scene.person('ben');
    await ben.enter('المطبخ');
    const ana = await scene.window('ana', window);
    for (const path of ['/login', '/signup', '/privacy']) {
      await ana.visit(path);
      await ana.page.getByRole('heading', { level: 1 }).waitFor();
      await looked(ana, path);
    }
    await ana.logIn();
    await ana.visit('/rooms/kitchen');
    await ana.page.getByRole('button', { name: 'Enter', exact: true }).waitFor();
    await looked(ana, 'the door of a room');
    await ana.page.getByRole('button', { name: 'Enter', exact: true }).click();
    await ana.isIn('المطبخ');
    await ana.say('Good evening');
    await ben.write('مساء الخير **للجميع**');
    await ana.page.getByText('للجميع').waitFor();
    await looked(ana, 'a conversation');
    await ana.visit('/settings/appearance');
    await ana.page.getByRole('heading', { name: 'Appearance' }).waitFor();
    await looked(ana, 'appearance');
    await ana.visit('/settings/privacy');
    await ana.page.getByRole('heading', { name: 'Privacy' }).waitFor();
    await looked(ana, 'privacy');
  });
});

test('who reads by ear hears who said what and when, what state it is in, and who is there', async () => {
  const [ana, ben] = [await scene.person('ana'), await scene.person('ben')];
  await ben.enter('garden');
  await ana.enter('garden');
  await ben.say('good morning');
  await ana.hears('good morning');
  await ana.say('and to you');
  const log = ana.page.getByRole('log', { name: 'Conversation' });
  await expect.poll(() => log.getAttribute('aria-live')).toBe('polite');
  await expect
    .poll(() => log.ariaSnapshot())
    .toMatch(/ben[^]*\d\d:\d\d[^]*good morning[^]*ana[^]*\d\d:\d\d[^]*and to you[^]*heard by 1/);
  for (const time of await log.locator('time').all())
    expect(Date.parse((await time.getAttribute('datetime')) ?? '')).toBeGreaterThan(Date.now() - 600_000);
  await expect
    .poll(() => ana.page.getByRole('complementary').ariaSnapshot())
    .toMatch(/heading "People here"[^]*ana[^]*you[^]*ben/);
  await ana.page.getByRole('link', { name: 'garden' }).and(ana.page.locator('[aria-current=page]')).waitFor();
  expect(await ana.page.getByRole('status').first().count()).toBe(1);
});

test('a page on which a script of strangers could run is none: the policy holds on every page', async () => {
  const ana = await scene.window('ana');
  for (const path of ['/login', '/privacy', '/settings', '/rooms/kitchen', '/api/v1/server', '/nothing']) {
    const answer = await ana.page.request.get(scene.server.url + path);
    const policy = answer.headers()['content-security-policy'] ?? '';
    expect(policy, path).toContain("default-src 'none'");
    expect(policy, path).toContain("require-trusted-types-for 'script'");
    expect(policy, path).not.toContain('unsafe');
  }
  await ana.visit('/login');
  const refused = await ana.page.evaluate(() => {
    try {
      document.body.innerHTML = '<img src="x">';
      return '';
    } catch (fault) {
      return String(fault);
    }
  });
  expect(refused).toContain('TrustedHTML');
  await expect.poll(() => ana.watch.faults.join()).toContain('require-trusted-types-for');
  ana.watch.faults.length = 0;
});

test('where the system has colours of its own, what is chosen can be told from what is not', async () => {
  const ana = await scene.window('ana');
  await ana.page.emulateMedia({ forcedColors: 'active' });
  await ana.logIn();
  await ana.visit('/settings/appearance');
  const chosen = ana.page.locator('label:has(:checked)').first();
  await chosen.waitFor();
  const outlines = async (what: string): Promise<string> =>
    await ana.page
      .locator(what)
      .first()
      .evaluate((one) => getComputedStyle(one).outlineStyle);
  expect(await outlines('label:has(:checked)')).toBe('solid');
  expect(await outlines('label:not(:has(:checked))')).toBe('none');
  expect(await outlines('nav a[aria-current]')).toBe('solid');
  expect(await amiss(ana)).toEqual([]);
});

test('who asks the system for more contrast has it, and for less motion too', async () => {
  const ana = await scene.window('ana');
  await ana.page.emulateMedia({ contrast: 'more', reducedMotion: 'reduce' });
  await ana.visit('/login');
  await ana.page.locator('html[data-theme=contrast]').waitFor();
  expect(
    await ana.page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--motion')),
  ).toBe('0s');
  await ana.page.emulateMedia({ contrast: 'no-preference' });
  await ana.page.locator('html:not([data-theme])').waitFor();
});
