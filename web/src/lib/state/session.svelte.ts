import { api, ApiError, sentence } from '../api';
import type { Me, Server } from '../api';
import { common } from '../i18n/common';
import type { Kept } from '../client/client';
import { open } from '../client/open';
import { Remote } from '../client/remote';
import { keepSession, takeSession } from '../remember';
import { Chat } from './chat.svelte';

/** Who is logged in, to which server. */
export class Session {
  #phase = $state<'loading' | 'unreachable' | 'ready'>('loading');
  #fault = $state('');
  #server = $state.raw<Server | null>(null);
  #chat = $state.raw<Chat | null>(null);
  #enrolling = $state(false);
  #notice = $state('');
  /** What the page before this one left, until it is known whose it is. */
  #kept: Kept | null = takeSession();

  get phase(): 'loading' | 'unreachable' | 'ready' {
    return this.#phase;
  }
  /** Why the server could not be asked. */
  get fault(): string {
    return this.#fault;
  }
  get server(): Server | null {
    return this.#server;
  }
  get chat(): Chat | null {
    return this.#chat;
  }
  /** Whether somebody is logged in who has to set up a second factor before anything else. */
  get enrolling(): boolean {
    return this.#enrolling;
  }
  /** What a person who was logged out without having asked should know. */
  get notice(): string {
    return this.#notice;
  }

  /** Asks the server what it is, and who one is to it. */
  async load(): Promise<void> {
    this.#phase = 'loading';
    try {
      this.#server = await api.server();
      const { me } = this.#server;
      if (me) this.begin(me);
      this.#phase = 'ready';
    } catch (error) {
      this.#fault = sentence(error);
      this.#phase = 'unreachable';
    }
  }

  /** Somebody logged in, signed up or set the server up. */
  begin(me: Me): void {
    if (!this.#server) return;
    if (this.#server.setup_needed) this.#server = { ...this.#server, setup_needed: false };
    this.#notice = '';
    this.#chat?.stop();
    this.#enrolling = me.must_enrol === true;
    if (this.#enrolling) {
      this.#chat = null;
      return;
    }
    this.#chat = new Chat(me, this.#server, new Remote(() => open(me.id)), {
      loggedOut: () => {
        this.#end(common.t.logInEnded);
      },
      other: () => {
        this.#end('');
        void this.load();
      },
    });
    this.#chat.start(this.#kept?.user === me.id ? this.#kept : null);
    this.#kept = null;
  }

  /** The page is about to be left, or loaded anew: leaves what the next one needs to go on. */
  hide(): void {
    const kept = this.#chat ? this.#chat.keep() : this.#kept;
    if (kept) keepSession(kept);
  }

  /** The page is back as it was, because the browser had kept all of it. */
  show(): void {
    takeSession();
    void this.#chat?.wake();
  }

  async logOut(): Promise<void> {
    // The page stops listening first: nothing may be heard after one said to leave, even if the server is slow.
    this.#end('');
    try {
      const there = await api.logOut();
      if (there) location.assign(there.url);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) {
        this.#notice = common.t.notToldLogOut(sentence(error));
      }
    }
  }

  #end(notice: string): void {
    this.#kept = null;
    this.#chat?.stop();
    this.#chat = null;
    this.#enrolling = false;
    this.#notice = notice;
  }
}
