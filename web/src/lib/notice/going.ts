import type { Server } from '../api';
import { full } from '../naming';
import { around } from '../i18n/around';
import { common } from '../i18n/common';
import { notice } from '../i18n/notice';
import { settings } from '../i18n/settings';
import { admin } from '../i18n/admin';
import { sections as adminSections } from '../pages/admin/sections';
import { sections } from '../pages/settings/sections';
import { preferences, ways } from '../preferences.svelte';
import { router } from '../router.svelte';
import { roomPath } from '../routes';
import type { Chat } from '../state/chat.svelte';
import type { Session } from '../state/session.svelte';
import { offered } from './offered';
import { sorted } from './order';

/** Something that the switcher can do or go to. */
export interface Goal {
  id: string;
  kind: 'room' | 'person' | 'command';
  label: string;
  /** What else is said of it, and is looked at when it is searched. */
  detail: string;
  access?: string;
  unread?: number;
  mentions?: number;
  /** Whether what it opens keeps the focus for itself. */
  go: () => void;
}

export interface Place {
  session: Session;
  server: Server;
  chat: Chat;
  /** The rooms that were looked at, the last one first. */
  recent: readonly number[];
  help: () => void;
}

/** The rooms one is in, those that were looked at last first, and then those that one may enter. */
export function roomGoals({ chat, recent }: Pick<Place, 'chat' | 'recent'>): Goal[] {
  const place = (id: number): number => {
    const at = recent.indexOf(id);
    return at < 0 ? Infinity : at;
  };
  const byTitle = sorted(chat.rooms.map(({ info }) => info));
  // The one that is open is where one is already: it comes after those that were looked at before.
  const [open, ...before] = recent;
  const own = byTitle
    .filter(({ id }) => id !== open || before.length === 0)
    .sort((a, b) => (place(a.id) === place(b.id) ? 0 : place(a.id) - place(b.id)));
  const last = byTitle.filter((info) => !own.includes(info));
  const joined = [...own, ...last].map((info): Goal => {
    const room = chat.room(info.id);
    return {
      id: `room-${info.id}`,
      kind: 'room',
      label: info.title,
      detail: info.name === info.title ? '' : info.name,
      access: info.access,
      ...(room && chat.counted(room)),
      go: () => {
        router.go(roomPath(info.name));
      },
    };
  });
  const others = sorted((chat.listing ?? []).filter(({ id }) => !chat.room(id))).map((info): Goal => ({
    id: `room-${info.id}`,
    kind: 'room',
    label: info.title,
    detail: around.t.enterRoom,
    access: info.access,
    go: () => {
      chat.enter(info.id);
      router.go(roomPath(info.name));
    },
  }));
  return [...joined, ...others];
}

/** The people in one's rooms, each in the room where they are that was looked at last. */
export function personGoals({ chat, recent }: Pick<Place, 'chat' | 'recent'>): Goal[] {
  const goals = new Map<number, Goal>();
  const at = (id: number): number => (recent.includes(id) ? recent.indexOf(id) : Infinity);
  const rooms = [...chat.rooms].sort((a, b) => (at(a.id) === at(b.id) ? 0 : at(a.id) - at(b.id)));
  for (const { info, people } of rooms) {
    for (const user of people) {
      const { id } = user;
      if (id === chat.me.id || goals.has(id)) continue;
      goals.set(id, {
        id: `person-${id}`,
        kind: 'person',
        label: full(user),
        detail: around.t.isIn(info.title),
        go: () => {
          router.go(roomPath(info.name));
        },
      });
    }
  }
  return [...goals.values()];
}

/** What can be done now, here. */
export function commandGoals({ session, server, chat, help }: Omit<Place, 'recent'>): Goal[] {
  const goals: Goal[] = [];
  const add = (id: string, label: string, go: (() => unknown) | undefined, detail = ''): void => {
    if (go) goals.push({ id: `do-${id}`, kind: 'command', label, detail, go: () => void go() });
  };
  const { now } = offered;
  const pages = (path: string, title: string, all: typeof sections): void => {
    for (const { id, title: name, shown } of all) {
      if (shown?.(chat.me, server) ?? true) {
        add(`${path}-${id}`, `${title}: ${name()}`, () => {
          router.go(`/${path}/${id}`);
        });
      }
    }
  };
  add('create', common.t.createRoom, chat.me.can_create_rooms ? now.create : undefined);
  add('search', notice.t.search, now.search, '/');
  add('people', around.t.people, now.people);
  add('leave', around.t.leave, now.leave);
  add(
    'read',
    around.t.markAllRead,
    chat.unread > 0
      ? () => {
          chat.readAll();
        }
      : undefined,
  );
  add('quiet', chat.quiet ? around.t.quietOff : around.t.quietOn, () => {
    chat.setQuiet(!chat.quiet);
  });
  for (const theme of ways.theme) {
    add(`theme-${theme}`, around.t.themes[theme], () => {
      preferences.choose('theme', theme);
    });
  }
  add('invite', around.t.invite, chat.me.permissions.includes('add_invitation') ? now.invite : undefined);
  pages('settings', settings.t.title, sections);
  pages('admin', admin.t.title, adminSections);
  add('kept', common.t.kept, () => {
    router.go('/privacy');
  });
  add('keys', around.t.keysTitle, help, '?');
  add('out', around.t.logOut, () => session.logOut());
  return goals;
}
