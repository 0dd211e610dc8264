import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import type { Api } from '../harness/api.ts';
import { attack, isHarmless } from '../harness/attacks.ts';
import type { Person } from '../harness/person.ts';
import { password, Scene } from '../harness/scene.ts';

let scene: Scene;
let api: Api;
let kitchen: number;
/** One window for all that only has to be looked at. */
let ana: Person;

beforeAll(async () => {
  // Of the server's name there is something on every page.
  scene = await Scene.set(['ana', 'ben', 'cleo', 'dora'], { EARSHOT_NAME: attack, EARSHOT_SIGN_UP: 'open' });
  api = await scene.api('ana');
  kitchen = await api.createRoom({ name: 'kitchen' });
  ana = await scene.person('ana');
  await ana.enter('kitchen');
});
afterEach(async () => {
  await isHarmless(ana);
});
afterAll(async () => {
  await scene.clear();
  await scene.end();
});

/** Goes to a page, and waits until the attack stands on it as the text that it is. */
async function reads(path: string): Promise<void> {
  await ana.visit(path);
  const text = ana.page.locator('main, [role=main]').getByText(attack, { exact: false });
  await text.filter({ visible: true }).first().waitFor();
  await isHarmless(ana);
}

describe('what is kept of people’s texts is shown as text', () => {
  const kept: [what: string, set: () => Promise<unknown>, pages: string[]][] = [
    [
      'the name of a group',
      () => api.call('POST', '/groups', { name: attack, permissions: [] }),
      ['/admin/groups'],
    ],
    [
      'the name of a token',
      () => api.call('POST', '/me/tokens', { name: attack, scopes: ['chat'] }),
      ['/settings/tokens'],
    ],
    [
      'title and topic of a room',
      () => api.createRoom({ name: 'evil', title: attack, topic: attack }),
      ['/rooms/evil', '/admin/rooms'],
    ],
    [
      'why somebody is banned from a room',
      () => api.call('PUT', `/rooms/${kitchen}/bans/ben`, { seconds: 0, reason: attack }),
      ['/admin/log'],
    ],
    [
      'why somebody is banned from the server',
      () => api.call('POST', '/bans', { username: 'dora', seconds: 0, reason: attack }),
      ['/admin/bans', '/admin/log'],
    ],
    [
      'what a browser calls itself',
      async () => {
        const body = JSON.stringify({ username: 'ana', password });
        const headers = { 'content-type': 'application/json', 'user-agent': `${attack} Firefox/140.0` };
        await fetch(`${scene.server.url}/api/v1/login`, { method: 'POST', headers, body });
      },
      [],
    ],
  ];
  test.each(kept)('%s', async (_, set, pages) => {
    await set();
    for (const path of pages) await reads(path);
    await ana.visit('/settings/sessions');
    await ana.page.getByTestId('login').first().waitFor();
  });

  test('a display name', async () => {
    await api.call('PATCH', '/me', { display_name: attack });
    await ana.visit('/settings/profile');
    await expect.poll(() => ana.page.getByLabel('Display name').inputValue()).toBe(attack);
    await ana.visit('/admin/users');
    await ana.page.locator('tbody tr').first().waitFor();
    await isHarmless(ana);
    await ana.visit('/rooms/kitchen');
    await ana.isIn('kitchen');
    await ana.say('by whom?');
  });

  test('why somebody is muted, kicked, and kept out', async () => {
    const cleo = await scene.person('cleo');
    await cleo.enter('kitchen');
    await api.call('PUT', `/rooms/${kitchen}/mutes/cleo`, { seconds: 600, reason: attack });
    await cleo.page.getByTestId('order-line').getByText(attack, { exact: false }).waitFor();
    await api.call('POST', `/rooms/${kitchen}/kick`, { username: 'cleo', reason: attack });
    await cleo.page.locator('[data-what=removed]').waitFor();
    await isHarmless(cleo);
    const dora = await scene.window('dora');
    await dora.visit('/login');
    await dora.submit({ Username: 'dora', Password: password }, 'Log in');
    await dora.page.getByRole('alert').first().waitFor();
    await isHarmless(dora);
  });

  test('the name of the server', async () => {
    for (const path of ['/settings', '/privacy', '/rooms/nowhere']) {
      await ana.visit(path);
      await ana.page.getByText(attack, { exact: false }).first().waitFor();
      await expect.poll(() => ana.page.title()).toContain(attack);
      await isHarmless(ana);
    }
  });

  test('a picture that is a document with a script', async () => {
    const script =
      '<script>alert(1)</script><foreignObject><iframe src="javascript:alert(1)"/></foreignObject>';
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="alert(1)">${script}</svg>`;
    await ana.visit('/settings/profile');
    const file = { name: 'me.svg', mimeType: 'image/svg+xml', buffer: Buffer.from(svg) };
    await ana.page.locator('input[type=file]').setInputFiles(file);
    // It is drawn, which runs nothing, or refused.
    await ana.page.locator('main img, main [role=alert]').first().waitFor();
    await isHarmless(ana);
    const put = await ana.page.evaluate(async (body) => {
      const headers = { 'content-type': 'image/svg+xml' };
      return (await fetch('/api/v1/me/avatar', { method: 'PUT', headers, body })).status;
    }, svg);
    expect(put).toBeGreaterThanOrEqual(400);
    const got = await ana.page.request.get(`${scene.server.url}/api/v1/users/ana/avatar`);
    if (got.ok()) expect(got.headers()['content-type']).toMatch(/^image\/(?:png|jpeg|webp)$/);
    expect(got.headers()['x-content-type-options']).toBe('nosniff');
  });
});

describe('what is typed and not kept is text', () => {
  test('in the fields in which one looks for something', async () => {
    await ana.visit('/rooms/kitchen');
    await ana.connected();
    await ana.isIn('kitchen');
    await ana.page.getByRole('searchbox').first().fill(attack);
    await ana.page.getByRole('button', { name: 'Search' }).first().click();
    await ana.page.getByTestId('search').locator('input').first().fill(attack);
    await ana.composer.fill(`@${attack} #${attack}`);
    await ana.composer.fill(`:${attack}`);
    await ana.page.keyboard.press('Control+k');
    await ana.page.getByRole('dialog').getByRole('combobox').fill(attack);
    await isHarmless(ana);
    for (const section of ['users', 'rooms', 'server']) {
      await ana.visit(`/admin/${section}`);
      await ana.page.getByLabel('Search').first().fill(attack);
      await isHarmless(ana);
    }
  });

  test('in the fields of those who are not in yet, and in addresses', async () => {
    const eve = await scene.window('eve');
    for (const next of [
      'javascript:alert(1)',
      'data:text/html,<script>alert(1)</script>',
      '//evil.example/',
      attack,
    ]) {
      await eve.visit(`/login?next=${encodeURIComponent(next)}#${attack}`);
      await eve.submit({ Username: attack, Password: attack }, 'Log in');
      await eve.page.getByRole('alert').first().waitFor();
      await isHarmless(eve);
    }
    for (const path of ['/reset', '/confirm', '/device', '/']) {
      await eve.visit(`${path}#token=${attack}`);
      await eve.page.getByRole('heading', { level: 1 }).waitFor();
      await isHarmless(eve);
    }
    await eve.visit('/login?next=javascript:alert(1)');
    await eve.submit({ Username: 'ben', Password: password }, 'Log in');
    await eve.connected();
    expect(new URL(eve.page.url()).origin).toBe(scene.server.url);
    await isHarmless(eve);
  });
});

const evil = `<img src=x onerror=alert(1)><x-evil>`;

test('what Markdown makes of a message leads nowhere and runs nothing', async () => {
  await ana.visit('/rooms/kitchen');
  await ana.isIn('kitchen');
  const texts = [
    `\`\`\`"><script>alert(1)</script>\ncode\n\`\`\``,
    `\`\`\`html onload=alert(1)\n${evil}</code></pre>${evil}\n\`\`\``,
    `[a](javascript:alert(1)) [b](data:text/html,<script>alert(1)</script>) [c](vbscript:alert(1)) [d]( java\tscript:alert(1))`,
    `![e](javascript:alert(1)) <javascript:alert(1)> [f](https://x.example/"onmouseover="alert(1)) [${evil}](https://x.example)`,
    `@${evil} #${evil} :${evil}: @ana${evil}`,
    `> ${evil}\n\n- ${evil}\n\n1. ${evil}`,
    `**${evil}** _${evil}_ ~~${evil}~~ \`${evil}\` ||${evil}||`,
    `/me ${evil}`,
  ];
  for (const text of texts) await ana.write(text);
  await expect
    .poll(() => ana.page.locator('[data-own=true][data-stage=sent]').count())
    .toBeGreaterThanOrEqual(texts.length);
  const protocols = await ana.page
    .getByTestId('message-text')
    .locator('a')
    .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).protocol));
  expect(protocols.filter((one) => one !== 'https:' && one !== 'http:')).toEqual([]);
});
