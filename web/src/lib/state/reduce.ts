import type { Frame } from '../client/frames';
import type { Draft } from '../client/outbox';
import { common } from '../i18n/common';
import { because } from '../i18n/problems';
import type {
  Joined,
  Message,
  Occupant,
  Posted,
  Presence,
  Reaction,
  Removed,
  Returned,
  Sighting,
  Status,
  Typing,
  User,
} from '../wire.gen';
import type { Told } from './items';
import {
  appendEdited,
  appendGap,
  appendMarker,
  appendPresence,
  appendSaid,
  lostMarker,
  mostHearers,
  react,
  replaceItem,
  saidAs,
  takeBack,
  together,
  withoutLost,
} from './items';
import { meant } from './mention';
import type { Action, ChatState, RoomState } from './types';

/** How long typing counts, in milliseconds (docs/protocol.md, "Events"). */
const typingTime = 5000;

export function emptyState(me: User): ChatState {
  return { me, rooms: {}, looking: 0, skew: 0 };
}

/** What the state becomes by what happened. Pure: the same in, the same out, and nothing else touched. */
export function reduce(state: ChatState, action: Action): ChatState {
  switch (action.type) {
    case 'frame':
      return takeFrame(state, action.frame, action.now);
    case 'lost':
      return each(state, (room) => lose(room, action.now));
    case 'tick':
      return each(state, (room) => expire(room, action.now));
    case 'look':
      return look(state, action.room);
    case 'forget': {
      const { [action.room]: gone, ...rooms } = state.rooms;
      if (!gone) return state;
      return { ...state, rooms };
    }
    case 'clear':
      return change(state, action.room, (room) =>
        appendMarker({ ...room, items: [], size: 0, gone: 0, newFrom: 0 }, 'cleared', action.now),
      );
    case 'react':
      return change(state, action.room, (room) => react(room, state.me, action));
    case 'people':
      return change(state, action.room, (room) => listed(room, action));
    case 'refused':
      return change(state, action.room, (room) => end(room, 'removed', action.now, action.error));
    case 'gap':
      return change(state, action.room, (room) => appendGap(room, action.lost, action.why, action.now));
    case 'outbox':
      return change(state, action.room, (room) => mailed(room, action, state.me));
    case 'read':
      return change(state, action.room, (room) => ({ ...read(room), newFrom: 0 }));
    case 'spoke':
      return change(state, action.room, (room) => (room.newFrom === 0 ? room : { ...room, newFrom: 0 }));
  }
}

/** What the state becomes by all that happened, in its order: the same as one after the other, but for what it costs. */
export function reduceAll(state: ChatState, actions: readonly Action[]): ChatState {
  return together(() => actions.reduce(reduce, state));
}

function change(state: ChatState, id: number, by: (room: RoomState) => RoomState): ChatState {
  const room = state.rooms[id];
  if (!room) return state;
  const next = by(room);
  return next === room ? state : { ...state, rooms: { ...state.rooms, [id]: next } };
}

function each(state: ChatState, by: (room: RoomState) => RoomState): ChatState {
  return Object.values(state.rooms).reduce((was, room) => change(was, room.id, by), state);
}

function takeFrame(state: ChatState, frame: Frame, now: number): ChatState {
  switch (frame.type) {
    case 'joined':
      return joined(state, frame, now);
    case 'posted':
      return change({ ...state, skew: now - frame.at }, frame.room, (room) => posted(room, frame));
    case 'occupants':
      // Who is inside comes as one 'people' action, once all pages asked for are there.
      return change(state, frame.room, (room) => ({ ...room, count: frame.count }));
    case 'returned':
      return returned(state, frame, now);
    case 'typing':
      return change(state, frame.room, (room) => types(room, frame, state.me, now));
    case 'status':
      return change(state, frame.room, (room) => turned(room, frame));
    case 'message':
      return change(state, frame.room, (room) => heard(room, frame, state, now));
    case 'edited':
      return change(state, frame.room, (room) => appendEdited(silent(room, frame.user), frame));
    case 'taken_back':
      return change(state, frame.room, (room) => takeBack(room, frame));
    case 'reaction':
      return change(state, frame.room, (room) => reacted(room, frame, state.me));
    case 'seen':
      return change(state, frame.room, (room) => sighted(room, frame));
    case 'entered':
    case 'departed':
      return change(state, frame.room, (room) => moved(room, frame, state.me));
    case 'changed':
      return change(state, frame.room, (room) => {
        const { title, topic } = frame.info;
        const note = topic === '' ? title : `${title} – ${topic}`;
        const info = frame.seq > room.asOf ? frame.info : room.info;
        return appendMarker({ ...room, info }, 'changed', frame.at, { note });
      });
    case 'closed':
      return change(state, frame.room, (room) => end(room, 'closed', frame.at, because('deleted', '')));
    case 'muted':
      return change(state, frame.room, (room) => ({
        ...room,
        muted: frame.on
          ? { until: frame.retry_ms ? now + frame.retry_ms : 0, reason: frame.reason ?? '' }
          : null,
      }));
    case 'removed':
      return change(state, frame.room, (room) =>
        end({ ...room, out: { ...frame, at: now } }, 'removed', now, removal(frame)),
      );
    case 'hello':
    case 'ok':
    case 'error':
    case 'left':
    case 'ping':
    case 'profile':
    case 'resumed':
    case 'stopping':
      return state;
  }
}

/** One is in the room from now on. If one was before, what was said between is told as a gap. */
function joined(state: ChatState, frame: Joined, now: number): ChatState {
  const was = state.rooms[frame.room];
  let room = entered(was ?? fresh(frame), frame);
  // What was said before cannot be answered any more, and its numbers may come again.
  room = { ...room, reach: room.nextKey };
  if (was?.over !== '') {
    const names = room.people.filter(({ id }) => id !== state.me.id).map(({ name }) => name);
    room = appendMarker(room, 'start', now, { count: room.count - 1, names: names.slice(0, mostHearers) });
  }
  return { ...state, rooms: { ...state.rooms, [frame.room]: room } };
}

/** One is in the room again, and what was missed follows: there is nothing to tell, unless the page does not know the room. */
function returned(state: ChatState, frame: Returned, now: number): ChatState {
  const was = state.rooms[frame.room];
  let room = withoutLost(entered(was ?? fresh(frame), frame));
  if (!was) room = appendMarker(room, 'reloaded', now);
  return { ...state, rooms: { ...state.rooms, [frame.room]: room } };
}

function entered(room: RoomState, frame: Joined | Returned): RoomState {
  const { info, occupants, count, seq } = frame;
  return {
    ...room,
    info,
    live: true,
    over: '',
    out: null,
    people: occupants,
    count,
    more: count > occupants.length,
    cursor: occupants.at(-1)?.name ?? '',
    stale: false,
    asOf: seq,
    // Told anew after this, if it is so.
    muted: null,
    typing: [],
  };
}

function fresh(frame: Joined | Returned): RoomState {
  return {
    id: frame.room,
    info: frame.info,
    live: false,
    over: '',
    out: null,
    items: [],
    gone: 0,
    said: 0,
    size: 0,
    outbox: [],
    people: [],
    count: 0,
    more: false,
    cursor: '',
    stale: false,
    asOf: 0,
    typing: [],
    unread: 0,
    mentions: 0,
    muted: null,
    saidAt: 0,
    newFrom: 0,
    nextKey: 1,
    reach: 1,
  };
}

/** The acknowledgement of what is in the outbox still is told by the client; here it is of what was heard before it. */
function posted(room: RoomState, frame: Posted): RoomState {
  return replaceItem(
    room,
    (item) => item.kind === 'said' && item.seq === frame.seq && item.nonce === frame.nonce,
    (item) => (item.kind === 'said' ? { ...item, heard: frame.heard } : item),
  );
}

/** What waits to be heard is as the client says; what was heard without its event is told in its place. */
function mailed(room: RoomState, action: Extract<Action, { type: 'outbox' }>, me: User): RoomState {
  let next = { ...room, outbox: action.drafts };
  if (action.said.length === 0) return next;
  const lost = lostMarker(next);
  next = withoutLost(next);
  for (const said of action.said) next = appendSaid(next, { ...basics(said), user: me, heard: said.heard });
  return lost ? appendMarker(next, 'lost', lost.at) : next;
}

function heard(room: RoomState, frame: Message, state: ChatState, now: number): RoomState {
  const own = frame.user.id === state.me.id;
  const draft = own ? room.outbox.find(({ nonce }) => nonce === frame.nonce) : undefined;
  const { user } = frame;
  const quiet = silent(room, user);
  // The client tells of its outbox behind this, which may be drawn later: what was said would stand there twice.
  const outbox = draft ? room.outbox.filter((one) => one !== draft) : room.outbox;
  const next = appendSaid(own ? { ...quiet, outbox, saidAt: now } : quiet, {
    ...basics(frame),
    user,
    heard: draft?.stage === 'taken' ? draft.heard : -1,
  });
  if (own || state.looking === room.id) return next;
  const mentions = room.mentions + (meant(room, frame, state.me) ? 1 : 0);
  return { ...next, unread: room.unread + 1, mentions, newFrom: room.newFrom || room.nextKey };
}

/** Who has said something is not typing any more. */
const silent = (room: RoomState, { id }: User): RoomState =>
  room.typing.some(({ user }) => user.id === id)
    ? { ...room, typing: room.typing.filter(({ user }) => user.id !== id) }
    : room;

/** What a message is however it is told. */
const basics = ({
  text,
  nonce,
  seq,
  at,
  reply = 0,
  size = 0,
}: Message | Draft): Omit<Told, 'user' | 'heard'> => ({
  text,
  nonce,
  seq,
  at,
  reply,
  size,
});

function reacted(room: RoomState, frame: Reaction, me: User): RoomState {
  const { of, user, emoji, on } = frame;
  const wish = saidAs(room, of)?.reactions.find((tally) => tally.emoji === emoji)?.wish;
  // One wants it otherwise by now, and the server will say so, too.
  if (user.id === me.id && wish === !on) return room;
  return react(room, user, { of, emoji, on, wish });
}

/** How far those in a small room have seen: of what is told the highest counts. */
function sighted(room: RoomState, { seen }: Sighting): RoomState {
  const far = new Map(seen.map(({ id, seq }) => [id, seq]));
  return {
    ...room,
    people: room.people.map((one) => ({ ...one, seen: Math.max(one.seen ?? 0, far.get(one.id) ?? 0) })),
  };
}

function types(room: RoomState, frame: Typing, me: User, now: number): RoomState {
  const users = frame.users.filter(({ id }) => id !== me.id);
  if (users.length === 0) return room;
  const ids = new Set(users.map(({ id }) => id));
  const until = now + typingTime;
  return {
    ...room,
    typing: [
      ...room.typing.filter(({ user }) => !ids.has(user.id)),
      ...users.map((user) => ({ user, until })),
    ],
  };
}

function turned(room: RoomState, frame: Status): RoomState {
  const ids = new Set(frame.users.map(({ id }) => id));
  const people = room.people.map((one): Occupant => {
    if (!ids.has(one.id)) return one;
    const next = { ...one, status: frame.status };
    if (frame.status === 'active') delete (next as Occupant).status;
    return next;
  });
  return { ...room, people, stale: room.stale || (frame.more ?? 0) > 0 };
}

function moved(room: RoomState, frame: Presence, me: User): RoomState {
  const more = frame.more ?? 0;
  const next = frame.seq > room.asOf ? peopled(room, frame, more) : room;
  // That one came in oneself, or was away, is told by the markers already.
  const users = frame.users.filter(({ id }) => id !== me.id);
  return users.length + more > 0 ? appendPresence(next, { ...frame, users }) : next;
}

function peopled(room: RoomState, frame: Presence, more: number): RoomState {
  const ids = new Set(frame.users.map(({ id }) => id));
  const known = new Map(room.people.map((one) => [one.id, one]));
  const others = room.people.filter(({ id }) => !ids.has(id));
  return {
    ...room,
    people:
      frame.type === 'entered'
        ? [...others, ...frame.users.map((user) => known.get(user.id) ?? user)]
        : others,
    typing: room.typing.filter(({ user }) => !ids.has(user.id)),
    stale: room.stale || more > 0,
    count: frame.count,
  };
}

function listed(room: RoomState, action: Extract<Action, { type: 'people' }>): RoomState {
  const ids = new Set(action.people.map(({ id }) => id));
  const kept = action.replace ? [] : room.people.filter(({ id }) => !ids.has(id));
  const { more, cursor, stale, count } = action;
  return { ...room, people: [...kept, ...action.people], count, more, cursor, stale };
}

function end(room: RoomState, what: 'closed' | 'removed', at: number, note: string): RoomState {
  return appendMarker({ ...withoutLost(room), live: false, over: note, people: [], typing: [] }, what, at, {
    note,
  });
}

/** When one who was put out may come back is told apart from this, where it is counted down. */
const removal = ({ code, message }: Removed): string =>
  code === 'kicked' || code === 'banned' ? common.t.putOut : because(code, message);

/** The connection is gone: what is said from now on comes later, or is told to be missing. */
function lose(room: RoomState, now: number): RoomState {
  return room.live ? appendMarker({ ...room, live: false, typing: [] }, 'lost', now) : room;
}

function expire(room: RoomState, now: number): RoomState {
  const typing = room.typing.filter(({ until }) => until > now);
  return typing.length === room.typing.length ? room : { ...room, typing };
}

const read = (room: RoomState): RoomState => (room.unread === 0 ? room : { ...room, unread: 0, mentions: 0 });

function look(state: ChatState, id: number): ChatState {
  let next = state;
  if (state.looking !== id) {
    // What was new when the room was looked at stays marked until one looks elsewhere.
    next = change(next, state.looking, (room) => (room.newFrom === 0 ? room : { ...room, newFrom: 0 }));
  }
  next = change(next, id, read);
  return { ...next, looking: id };
}
