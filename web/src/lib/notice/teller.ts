import { full } from '../naming';
import { around } from '../i18n/around';
import type { Chat } from '../state/chat.svelte';
import type { RoomState, Said } from '../state/types';
import { calls } from '../state/mention';
import { announced } from './announce.svelte';
import { Chime } from './chime';
import { isMine, isShown } from './tabs';

/** So much, in characters, of a message is in a notification. */
const most = 200;

interface Known {
  nextKey: number;
  mentions: number;
  over: string;
}

/** Tells a person who is elsewhere that something was said: by a sound, and by a notification of the system. */
export class Teller {
  readonly #chat: Chat;
  /** Shows a room, by its name. */
  readonly #open: (name: string) => void;
  readonly #chime = new Chime();
  readonly #known = new Map<number, Known>();
  readonly #shown = new Map<number, Notification>();

  constructor(chat: Chat, open: (name: string) => void) {
    this.#chat = chat;
    this.#open = open;
  }

  /** Looks at the rooms as they are now, and tells what is new since the last time. */
  look(rooms: readonly RoomState[]): void {
    for (const room of rooms) {
      const { id, nextKey, mentions, over, unread } = room;
      const before = this.#known.get(id);
      this.#known.set(id, { nextKey, mentions, over });
      // Whoever looks at the room reads there why.
      if (before && over && !before.over && this.#chat.looking !== id)
        announced.tell(around.t.isOver(room.info.title));
      if (unread === 0) this.#close(id);
      else if (before && nextKey > before.nextKey) this.#heard(room, before);
    }
  }

  /** Nothing is told any more, and what was told is taken back. */
  end(): void {
    for (const room of [...this.#shown.keys()]) this.#close(room);
    this.#chime.end();
  }

  #heard(room: RoomState, before: Known): void {
    const level = this.#chat.choices.level(room.id);
    const strong = room.mentions > before.mentions;
    if (this.#chat.quiet || level === 'nothing' || (level === 'mentions' && !strong)) return;
    const { me } = this.#chat;
    const fresh = room.items.filter(
      (item): item is Said => item.kind === 'said' && item.key >= before.nextKey && item.user.id !== me.id,
    );
    const called = strong ? fresh.findLast(({ text }) => calls(text, me.username)) : undefined;
    const last = called ?? fresh.at(-1);
    if (last) void this.#tell(room, last, strong);
  }

  async #tell(room: RoomState, said: Said, strong: boolean): Promise<void> {
    const { me, choices } = this.#chat;
    const loud = choices.now.sound;
    const visible = choices.now.notify && document.hidden && granted();
    if (!loud && !visible) return;
    if (await isShown(me.id, room.id)) return;
    if (!(await isMine(me.id, `${room.id}.${strong ? 'strong' : 'plain'}`))) return;
    if (loud) this.#chime.play(strong);
    if (visible) this.#notify(room, said, strong);
  }

  #notify(room: RoomState, said: Said, strong: boolean): void {
    const { text, user } = said;
    const words = strong ? around.t.toldMention : around.t.toldMessage;
    const body = this.#chat.choices.now.text ? `${full(user)}: ${text.slice(0, most)}` : words;
    try {
      // Those of a room replace each other. The sound is the page's own, if it is to have one.
      const told = new Notification(room.info.title, {
        body,
        tag: `earshot.${this.#chat.me.id}.${room.id}`,
        icon: '/favicon.svg',
        silent: true,
      });
      told.onclick = () => {
        window.focus();
        this.#open(room.info.name);
        told.close();
      };
      this.#shown.set(room.id, told);
    } catch {
      // Some browsers, on phones, have none that a page itself can show.
    }
  }

  #close(room: number): void {
    this.#shown.get(room)?.close();
    this.#shown.delete(room);
  }
}

const granted = (): boolean => 'Notification' in globalThis && Notification.permission === 'granted';
