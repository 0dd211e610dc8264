import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { password, Scene, user } from '../harness/scene.ts';

let scene: Scene | undefined;

afterEach(async () => {
  await scene?.clear();
});
afterAll(async () => {
  await scene?.end();
});

async function anew(names: string[], env: Record<string, string> = {}): Promise<Scene> {
  await scene?.end();
  scene = await Scene.set(names, env);
  return scene;
}

describe('an empty server', () => {
  test('is set up by whoever has the code, and by nobody else', async () => {
    const { server } = await anew([]);
    // It is printed after the address, and elsewhere.
    const printed = (): string => /enter this code:\s+(\S+)\s/.exec(server.output)?.[1] ?? '';
    await expect.poll(printed).not.toBe('');
    const code = printed();
    const ana = await scene?.window('ana');
    if (!ana) throw new Error('no scene');

    // Wherever one goes, one is led there.
    await ana.visit('/rooms/kitchen');
    await ana.page.getByRole('heading', { name: 'Set up this server' }).waitFor();
    await ana.submit(
      { 'Set-up code': 'guessed', Username: 'ana', Password: password },
      'Become the administrator',
    );
    await ana.page.getByRole('alert').waitFor();
    await ana.submit({ 'Set-up code': code }, 'Become the administrator');
    await ana.connected();
    expect(await ana.page.getByTestId('me').innerText()).toBe('ana');

    // The code is spent.
    const ben = await scene?.window('ben');
    if (!ben) throw new Error('no scene');
    await ben.visit('/setup');
    await ben.page.getByRole('heading', { name: 'Log in' }).waitFor();
    // The administrator may do what administrators may.
    await ana.accountMenu('Invite people');
    await ana.page.getByRole('heading', { name: 'Invite people' }).waitFor();
  });
});

describe('sign-up', () => {
  test('is for everybody where it is open', async () => {
    const open = await anew(['ana'], { EARSHOT_SIGN_UP: 'open' });
    const ben = await open.window('ben');
    await ben.visit('/');
    await ben.page.getByRole('link', { name: 'Sign up' }).click();
    await ben.page.getByRole('heading', { name: 'Sign up' }).waitFor();
    const refused = async (name: string, word: string): Promise<void> => {
      const answer = ben.page.waitForResponse((one) => one.url().endsWith('/signup'));
      await ben.submit({ Username: name, Password: word }, 'Sign up');
      expect((await answer).ok()).toBe(false);
      await ben.page.getByRole('alert').waitFor();
    };
    await refused('ben', 'short');
    await refused('ANA', password);
    await ben.submit({ Username: 'ben', Password: password }, 'Sign up');
    await ben.connected();
    expect(await ben.page.getByTestId('me').innerText()).toBe('ben');
  });

  test('wants an invitation where it is by invitation', async () => {
    const inviting = await anew(['ana'], { EARSHOT_SIGN_UP: 'invite' });
    const ana = await inviting.person('ana');
    await ana.accountMenu('Invite people');
    await ana.page.getByRole('button', { name: 'Make a link' }).click();
    const link = new URL(await ana.page.getByTestId('invitation').inputValue());
    expect(link.origin).toBe(inviting.server.url);

    const ben = await inviting.window('ben');
    await ben.visit('/signup?invitation=guessed');
    await ben.submit({ Username: 'ben', Password: password }, 'Sign up');
    await ben.page.getByRole('alert').waitFor();
    await ben.visit(link.pathname + link.search);
    await ben.submit({ Username: 'ben', Password: password }, 'Sign up');
    await ben.connected();

    // It was for one.
    const cleo = await inviting.window('cleo');
    await cleo.visit(link.pathname + link.search);
    await cleo.submit({ Username: 'cleo', Password: password }, 'Sign up');
    await cleo.page.getByRole('alert').first().waitFor();
    expect(await cleo.page.getByTestId('chat').count()).toBe(0);
  });

  test('is for nobody where it is closed', async () => {
    const closed = await anew(['ana'], { EARSHOT_SIGN_UP: 'closed' });
    const ben = await closed.window('ben');
    await ben.visit('/');
    await ben.page.getByRole('heading', { name: 'Log in' }).waitFor();
    expect(await ben.page.getByRole('link', { name: 'Sign up' }).count()).toBe(0);
    await ben.visit('/signup');
    await ben.page.getByText('takes no new people').waitFor();
  });
});

describe('logging in', () => {
  beforeAll(async () => {
    await anew(['ana', 'ben']);
  });

  test('takes the right password only, and the name in any case', async () => {
    const ana = await scene?.window('ana');
    if (!ana) throw new Error('no scene');
    await ana.visit('/login');
    await ana.submit({ Username: 'ana', Password: 'wrong horse' }, 'Log in');
    const refused = await ana.page.getByRole('alert').innerText();
    const answer = ana.page.waitForResponse((one) => one.url().endsWith('/login'));
    await ana.submit({ Username: 'nobody', Password: 'wrong horse' }, 'Log in');
    await answer;
    // Whether there is such a user is not said.
    await expect.poll(() => ana.page.getByRole('alert').innerText()).toBe(refused);
    await ana.submit({ Username: 'Ana', Password: password }, 'Log in');
    await ana.connected();
    expect(await ana.page.getByTestId('me').innerText()).toBe('ana');
  });

  test('leads back to where one wanted to go, and lasts over a reload', async () => {
    const api = await scene?.api('ana');
    await api?.createRoom({ name: 'kitchen' });
    const ben = await scene?.window('ben');
    if (!ben) throw new Error('no scene');
    await ben.visit('/rooms/kitchen');
    await ben.submit({ Username: 'ben', Password: user('ben').password }, 'Log in');
    await ben.page
      .getByRole('heading', { level: 2, name: 'kitchen' })
      .or(ben.page.getByRole('heading', { name: 'kitchen' }))
      .first()
      .waitFor();
    await ben.page.getByRole('button', { name: 'Enter', exact: true }).click();
    await ben.isIn('kitchen');
    await ben.page.reload();
    await ben.isIn('kitchen');
    // A script of the page cannot read what keeps one logged in.
    expect(await ben.page.evaluate(() => document.cookie)).toBe('');
  });
});
