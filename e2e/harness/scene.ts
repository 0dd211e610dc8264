import type { Browser } from 'playwright-core';

import { Api } from './api.ts';
import { browsers } from './chrome.ts';
import { Person, type Setup } from './person.ts';
import { Server, type NewUser } from './server.ts';

/** A password that the rules take. */
export const password = 'correct horse battery staple';

export const user = (name: string): NewUser => ({ name, password });

/** The setting of a server on which a message can be changed for as long as a slow machine takes to. */
export const lasting = { EARSHOT_RESUME_WINDOW: '10m' } as const;

/**
 * The settings of a server on which nobody departs because a machine is slow either: for tests in which a connection is lost for
 * a while only. Who is done with a page stays too, so that it is for none that share users and look at who is there.
 */
export const patient = { ...lasting, EARSHOT_RESUME_GRACE: '10m' } as const;

/** A server with some users, two browsers, and whoever sits at them. */
export class Scene {
  readonly server: Server;
  readonly #browsers: Browser[];
  #people: Person[] = [];

  private constructor(server: Server, browsers: Browser[]) {
    this.server = server;
    this.#browsers = browsers;
  }

  /** Starts the server and takes two browsers. The first user is an administrator. */
  static async set(names: string[], env: Record<string, string> = {}): Promise<Scene> {
    const server = await Server.start(env);
    try {
      for (const [at, name] of names.entries()) await server.createUser({ ...user(name), admin: at === 0 });
      return new Scene(server, await browsers());
    } catch (error) {
      await server.end();
      throw error;
    }
  }

  /** Opens a window for somebody, each next one at the other browser. */
  async window(name: string, setup: Setup = {}): Promise<Person> {
    const browser = this.#browsers[this.#people.length % this.#browsers.length];
    if (!browser) throw new Error('no browser');
    const person = await Person.arrive(browser, this.server, user(name), setup);
    this.#people.push(person);
    return person;
  }

  /** Somebody who has logged in. */
  async person(name: string, setup: Setup = {}): Promise<Person> {
    const person = await this.window(name, setup);
    await person.logIn();
    return person;
  }

  async api(name: string): Promise<Api> {
    return await Api.login(this.server.url, name, password);
  }

  /** After each test: everybody goes, and what their pages must not have done is looked for. */
  async clear(): Promise<void> {
    const people = this.#people;
    this.#people = [];
    const ends = await Promise.allSettled(people.map((person) => person.go()));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** After all tests. */
  async end(): Promise<void> {
    await Promise.all(this.#browsers.map((browser) => browser.close()));
    await this.server.end();
  }
}
