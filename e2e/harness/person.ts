import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

import { isFocused } from './focus.ts';
import { patience } from './patience.ts';
import type { Proxy } from './proxy.ts';
import type { NewUser, Server } from './server.ts';
import { Watch } from './watch.ts';

/** How a person's browser is set up. */
export interface Setup {
  scheme?: 'light' | 'dark';
  /** The language that the browser asks for; British English without one. */
  locale?: string;
  /** Lets the tabs share a thread, whose sockets a page's watch does not see. Without it each tab has its own connection. */
  shared?: boolean;
  /** Lets the page have its service worker. */
  worker?: boolean;
  width?: number;
  height?: number;
  /** Has a finger for a mouse, as on a phone. */
  finger?: boolean;
  /** The network through which the browser sees the server; without one it sees it as it is. */
  through?: Proxy;
}

/** Opens a page whose scripts have a processor as many times slower as SLOWER says: for tests that are red on slow machines only. */
async function openPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  const rate = Number(process.env['SLOWER'] ?? 1);
  if (rate > 1) await (await context.newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate });
  return page;
}

/** A person at a browser, in a profile of their own: what they do, and what they see. */
export class Person {
  readonly page: Page;
  readonly watch: Watch;
  readonly user: NewUser;
  readonly context: BrowserContext;
  readonly #site: { url: string };

  private constructor(
    site: { url: string },
    user: NewUser,
    context: BrowserContext,
    page: Page,
    watch: Watch,
  ) {
    this.#site = site;
    this.user = user;
    this.context = context;
    this.page = page;
    this.watch = watch;
  }

  /** Opens a window with an empty profile. */
  static async arrive(browser: Browser, server: Server, user: NewUser, setup: Setup = {}): Promise<Person> {
    const context = await browser.newContext({
      ignoreHTTPSErrors: true, // a server under TLS has a certificate of its own making
      viewport: { width: setup.width ?? 1280, height: setup.height ?? 800 },
      hasTouch: setup.finger === true,
      isMobile: setup.finger === true,
      colorScheme: setup.scheme ?? 'light',
      reducedMotion: 'reduce',
      locale: setup.locale ?? 'en-GB',
      timezoneId: 'UTC',
      // Its requests are the browser's own, which a test neither sees nor holds up.
      serviceWorkers: setup.worker ? 'allow' : 'block',
    });
    context.setDefaultTimeout(patience);
    if (setup.shared !== true)
      await context.addInitScript(() => Reflect.deleteProperty(globalThis, 'SharedWorker'));
    const page = await openPage(context);
    return new Person(setup.through ?? server, user, context, page, await Watch.of(context, page));
  }

  /** Opens another tab in the same profile. */
  async tab(): Promise<Person> {
    const page = await openPage(this.context);
    return new Person(this.#site, this.user, this.context, page, this.watch.also(page));
  }

  async visit(path: string): Promise<void> {
    await this.page.goto(this.#site.url + path);
  }

  /** Fills the form that is shown, by the labels of its fields, and sends it. */
  async submit(fields: Record<string, string>, button: string): Promise<void> {
    for (const [label, value] of Object.entries(fields))
      await this.page.getByLabel(label, { exact: true }).fill(value);
    await this.page.getByRole('button', { name: button, exact: true }).click();
  }

  /** Logs in, and returns when the socket is open. */
  async logIn(): Promise<void> {
    await this.visit('/login');
    await this.submit({ Username: this.user.name, Password: this.user.password }, 'Log in');
    await this.connected();
  }

  /** Waits until the page says that it is connected, and what hears keys, fingers and the mouse wherever one is has come. */
  async connected(): Promise<void> {
    await this.page.locator('[data-testid=chat][data-connection=open]').waitFor();
    await this.page.getByTestId('announced').waitFor({ state: 'attached' });
  }

  get joined(): Locator {
    return this.page.getByTestId('rooms-joined');
  }

  get others(): Locator {
    return this.page.getByTestId('rooms-others');
  }

  /** Enters a room from the list, and returns when one hears. */
  async enter(title: string): Promise<void> {
    await this.others.getByRole('button', { name: title }).click();
    await this.isIn(title);
  }

  /** Goes to a room that one is in. */
  async look(title: string): Promise<void> {
    await this.joined.getByRole('link', { name: title }).click();
    await this.isIn(title);
  }

  /** Waits until a room that one is in is shown, and one hears. */
  async isIn(title: string): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
    await this.page.getByTestId('marker').first().waitFor();
    await this.page.getByTestId('composer').waitFor();
  }

  get composer(): Locator {
    return this.page.getByTestId('composer');
  }

  /** Says something in the room that is shown, and returns when the server has acknowledged it and told it to everybody. */
  async say(text: string): Promise<void> {
    await this.write(text);
    // What is on its way stands below the rows.
    await this.own(text).and(this.page.locator('[data-key] [data-stage=sent]')).waitFor();
  }

  /** One's own message with a text. */
  own(text: string): Locator {
    return this.message(text).and(this.page.locator('[data-own=true]'));
  }

  /** A message with a text in the room that is shown. */
  message(text: string): Locator {
    return this.page.getByTestId('message').filter({ has: this.page.getByText(text, { exact: true }) });
  }

  /** Waits until somebody's message is heard, and only once. */
  async hears(text: string): Promise<void> {
    await this.message(text).first().waitFor();
    expect(await this.message(text).count()).toBe(1);
  }

  /** The texts of the messages in the room that is shown, in their order. */
  async said(): Promise<string[]> {
    return await this.page.getByTestId('message-text').allInnerTexts();
  }

  /** Types a message and sends it, whatever becomes of it. */
  async write(text: string): Promise<void> {
    await this.composer.fill(text);
    // What was written before may be a command that is not done.
    await this.page.locator('button.send:enabled').waitFor();
    await this.composer.press('Enter');
  }

  /** Waits until no dialog is in the page: one that has closed is still there, unseen, until what follows from that is done. */
  async undisturbed(): Promise<void> {
    await expect.poll(() => this.page.locator('dialog').count()).toBe(0);
  }

  /** Goes by keys to the last message but `back`, and returns when its tools are there. */
  async atMessage(back = 0): Promise<void> {
    const { keyboard } = this.page;
    const messages = this.page.getByTestId('message');
    // What hears the keys comes with the first message: as long as nothing happens the key is pressed again.
    await expect
      .poll(async () => {
        await this.page.getByTestId('conversation').focus();
        await keyboard.press('ArrowUp');
        return await isFocused(messages.last());
      })
      .toBe(true);
    for (let up = 0; up < back; up++) await keyboard.press('ArrowUp');
    const goal = messages.nth((await messages.count()) - 1 - back);
    await expect.poll(() => isFocused(goal)).toBe(true);
    await this.page.getByTestId('message-tools').waitFor();
  }

  /** Begins to change what one said last, by key, and returns when it stands in the box. */
  async amend(text: string): Promise<void> {
    await expect
      .poll(async () => {
        await this.composer.press('ArrowUp');
        return await this.composer.inputValue();
      })
      .toBe(text);
  }

  /** Makes the window of another size, and returns when the page is as it stays: what opens by the width, or is placed by a script, comes with a frame. */
  async resize(window: { width: number; height: number }): Promise<void> {
    await this.page.setViewportSize(window);
    await expect.poll(() => this.page.evaluate(() => innerWidth)).toBe(window.width);
    await this.page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
  }

  /** The page's own lines in the room that is shown, by what they tell. */
  async markers(): Promise<string[]> {
    return await this.page
      .getByTestId('marker')
      .evaluateAll((lines) => lines.map((line) => line.getAttribute('data-what') ?? ''));
  }

  /** Waits until the page says that it is not connected. */
  async disconnected(): Promise<void> {
    await this.page.locator('[data-testid=chat]:not([data-connection=open])').waitFor();
  }

  /** Tells the page that there is a network again, as the browser would, until it is connected. */
  async online(): Promise<void> {
    const chat = this.page.getByTestId('chat');
    const phase = async (): Promise<string | null> => {
      await this.page.evaluate(() => dispatchEvent(new Event('online')));
      return await chat.getAttribute('data-connection');
    };
    await expect.poll(phase).toBe('open');
  }

  /** Lines about who entered and left. */
  passage(text: string | RegExp): Locator {
    return this.page.getByTestId('passage').filter({ hasText: text });
  }

  /** Names of the people in the room that is shown. */
  async occupants(): Promise<string[]> {
    return await this.page.getByTestId('occupants').locator('bdi').allInnerTexts();
  }

  /** How many unread messages a room has, by the list. */
  async unread(title: string): Promise<number> {
    // All at once: it may go between two looks.
    const [badge] = await this.joined
      .getByRole('link', { name: title })
      .getByTestId('unread')
      .allInnerTexts();
    return badge === undefined ? 0 : Number.parseInt(badge, 10);
  }

  /** Chooses from the menu of the room that is shown. */
  async roomMenu(item: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Room menu' }).click();
    await this.page.getByRole('button', { name: item }).click();
  }

  /** Chooses from one's own menu. */
  async accountMenu(item: string): Promise<void> {
    await this.page.getByRole('button', { name: /^Your account/ }).click();
    await this.page.getByRole('button', { name: item }).click();
  }

  /** Everything that the browser keeps for the page, and what it shows of it elsewhere: title and address. */
  async kept(): Promise<string> {
    const inPage = await this.page.evaluate(async () => ({
      title: document.title,
      address: location.href,
      state: JSON.stringify(history.state),
      cookie: document.cookie,
      local: Object.entries(localStorage),
      session: Object.entries(sessionStorage),
      databases: (await indexedDB.databases()).map(({ name }) => name),
      caches: await caches.keys(),
      workers: (await navigator.serviceWorker.getRegistrations()).length,
    }));
    return JSON.stringify([inPage, await this.context.storageState({ indexedDB: true })]);
  }

  /** Closes the window, and fails if the page did on the way what it must not. */
  async go(): Promise<void> {
    await this.context.close();
    expect(this.watch.faults).toEqual([]);
  }
}
