import type { Frame } from '../client/frames';
import { sameDay } from '../time';
import type { Joined, Message, Posted, Presence, User } from '../wire.gen';
import { appendMarker, appendPresence, appendSaid, replaceItem } from './items';
import type { Action, ChatState, Draft, RoomState } from './types';

/** How long typing counts, in milliseconds (docs/protocol.md, "Events"). */
const typingTime = 5000;

export function emptyState(me: User): ChatState {
  return { me, rooms: {}, looking: 0 };
}

/** What the state becomes by what happened. Pure: the same in, the same out, and nothing else touched. */
export function reduce(state: ChatState, action: Action): ChatState {
  switch (action.type) {
    case 'frame':
      return takeFrame(state, action.frame, action.now);
    case 'lost':
      return each(state, (room) => lose(room, state.me, action.now));
    case 'tick':
      return each(state, (room) => expire(room, action.now));
    case 'look':
      return look(state, action.room);
    case 'forget': {
      const { [action.room]: gone, ...rooms } = state.rooms;
      if (!gone) return state;
      return { ...state, rooms };
    }
    case 'people':
      return change(state, action.room, (room) => listed(room, action));
    case 'refused':
      return change(state, action.room, (room) => end(room, 'removed', action.now, action.error));
    case 'post':
      return change(state, action.room, (room) => ({
        ...room,
        newFrom: 0,
        outbox: [
          ...room.outbox,
          {
            nonce: action.nonce,
            text: action.text,
            at: action.now,
            stage: 'waiting',
            error: '',
            seq: 0,
            heard: 0,
          },
        ],
      }));
    case 'waiting':
    case 'sending':
      return redraft(state, action.room, action.nonce, { stage: action.type, error: '' });
    case 'failed':
      return redraft(state, action.room, action.nonce, { stage: 'failed', error: action.error });
    case 'discard':
      return change(state, action.room, (room) => ({
        ...room,
        outbox: room.outbox.filter((draft) => draft.nonce !== action.nonce),
      }));
  }
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

function redraft(state: ChatState, id: number, nonce: string, by: Partial<Draft>): ChatState {
  return change(state, id, (room) => ({
    ...room,
    outbox: room.outbox.map((draft) => (draft.nonce === nonce ? { ...draft, ...by } : draft)),
  }));
}

function takeFrame(state: ChatState, frame: Frame, now: number): ChatState {
  switch (frame.type) {
    case 'joined':
      return joined(state, frame, now);
    case 'posted':
      return change(state, frame.room, (room) => posted(room, frame));
    case 'occupants':
      // Who is inside comes as one 'people' action, once all pages asked for are there.
      return change(state, frame.room, (room) => ({ ...room, count: frame.count }));
    case 'typing':
      if (frame.user.id === state.me.id) return state;
      return change(state, frame.room, (room) => ({
        ...room,
        typing: [
          ...room.typing.filter(({ user }) => user.id !== frame.user.id),
          { user: frame.user, until: now + typingTime },
        ],
      }));
    case 'message':
      return numbered(state, frame, now, (room) => heard(room, frame, state));
    case 'entered':
    case 'departed':
      return numbered(state, frame, now, (room) => moved(room, frame, state.me));
    case 'changed':
      return numbered(state, frame, now, (room) => {
        const { title, topic } = frame.info;
        const note = topic === '' ? title : `${title} – ${topic}`;
        return appendMarker({ ...room, info: frame.info }, 'changed', frame.at, note);
      });
    case 'closed':
      return numbered(state, frame, now, (room) => end(room, 'closed', frame.at, 'This room was deleted.'));
    case 'removed':
      return change(state, frame.room, (room) => end(room, 'removed', now, frame.message));
    case 'hello':
    case 'ok':
    case 'error':
    case 'left':
    case 'ping':
      return state;
  }
}

/** Takes an event in its order: one that was had already is dropped, and a hole is shown. */
function numbered(
  state: ChatState,
  frame: { room: number; seq: number; at: number },
  now: number,
  by: (room: RoomState) => RoomState,
): ChatState {
  return change(state, frame.room, (room) => {
    if (!room.live || frame.seq <= room.seq) return room;
    const whole = frame.seq === room.seq + 1 ? room : appendMarker(room, 'gap', now);
    return by({ ...whole, seq: frame.seq });
  });
}

function joined(state: ChatState, frame: Joined, now: number): ChatState {
  const { info, occupants, count, seq } = frame;
  const was = state.rooms[frame.room];
  // A join to a room that one is in tells how the room is now; the events around it come in their own order.
  const inside = was?.live === true;
  let room: RoomState = {
    ...(was ?? fresh(frame)),
    info,
    live: true,
    over: '',
    seq: inside ? Math.max(was.seq, seq) : seq,
    people: occupants,
    count,
    more: count > occupants.length,
    cursor: occupants.at(-1)?.name ?? '',
    stale: false,
    typing: [],
  };
  if (was?.over !== '') room = appendMarker(room, 'start', now);
  else if (!inside) {
    room = replaceItem(
      room,
      (item) => item.kind === 'marker' && item.what === 'lost' && item.until === 0,
      (item) => ({ ...item, until: now }),
    );
  }
  return { ...state, rooms: { ...state.rooms, [frame.room]: room } };
}

function fresh(frame: Joined): RoomState {
  return {
    id: frame.room,
    info: frame.info,
    live: false,
    over: '',
    seq: 0,
    items: [],
    outbox: [],
    people: [],
    count: 0,
    more: false,
    cursor: '',
    stale: false,
    typing: [],
    unread: 0,
    newFrom: 0,
    nextKey: 1,
  };
}

function posted(room: RoomState, frame: Posted): RoomState {
  if (room.outbox.some((draft) => draft.nonce === frame.nonce)) {
    const { seq, heard, at } = frame;
    return {
      ...room,
      outbox: room.outbox.map((draft) =>
        draft.nonce === frame.nonce ? { ...draft, stage: 'taken', seq, heard, at } : draft,
      ),
    };
  }
  // Its event came first.
  return replaceItem(
    room,
    (item) => item.kind === 'said' && item.seq === frame.seq,
    (item) => (item.kind === 'said' ? { ...item, heard: frame.heard } : item),
  );
}

function heard(room: RoomState, frame: Message, state: ChatState): RoomState {
  const own = frame.user.id === state.me.id;
  const draft = own ? room.outbox.find(({ nonce }) => nonce === frame.nonce) : undefined;
  const { user, text, nonce, seq, at } = frame;
  const next = appendSaid(
    {
      ...room,
      outbox: draft ? room.outbox.filter((one) => one !== draft) : room.outbox,
      typing: room.typing.filter((typist) => typist.user.id !== user.id),
    },
    { kind: 'said', user, text, nonce, seq, at, heard: draft?.stage === 'taken' ? draft.heard : -1 },
  );
  if (own || state.looking === room.id) return next;
  return { ...next, unread: room.unread + 1, newFrom: room.newFrom || room.nextKey };
}

function moved(room: RoomState, frame: Presence, me: User): RoomState {
  const ids = new Set(frame.users.map(({ id }) => id));
  const others = room.people.filter(({ id }) => !ids.has(id));
  const people = frame.type === 'entered' ? [...others, ...frame.users] : others;
  const typing = room.typing.filter(({ user }) => !ids.has(user.id));
  const more = frame.more ?? 0;
  const next = { ...room, people, typing, stale: room.stale || more > 0, count: frame.count };
  // That one came in oneself is told by the marker already.
  const users = frame.users.filter(({ id }) => id !== me.id);
  return users.length + more > 0 ? appendPresence(next, { ...frame, users }) : next;
}

function listed(room: RoomState, action: Extract<Action, { type: 'people' }>): RoomState {
  const ids = new Set(action.people.map(({ id }) => id));
  const kept = action.replace ? [] : room.people.filter(({ id }) => !ids.has(id));
  const { more, cursor, stale, count } = action;
  return { ...room, people: [...kept, ...action.people], count, more, cursor, stale };
}

function end(room: RoomState, what: 'closed' | 'removed', at: number, note: string): RoomState {
  const outbox = room.outbox.map((draft): Draft => ({
    ...draft,
    stage: draft.stage === 'taken' ? 'taken' : 'failed',
    error: note,
  }));
  return appendMarker({ ...room, live: false, over: note, people: [], typing: [], outbox }, what, at, note);
}

/** The connection is gone: what is said from now on is missed, and what was on its way may or may not have arrived. */
function lose(room: RoomState, me: User, now: number): RoomState {
  if (!room.live) return room;
  let next: RoomState = { ...room, live: false, typing: [], outbox: [] };
  for (const draft of room.outbox) {
    if (draft.stage === 'taken') {
      const { text, nonce, seq, at, heard: count } = draft;
      next = appendSaid(next, { kind: 'said', user: me, text, nonce, seq, at, heard: count });
    } else if (draft.stage === 'sending') {
      next = { ...next, outbox: [...next.outbox, { ...draft, stage: 'unsure' }] };
    } else {
      next = { ...next, outbox: [...next.outbox, draft] };
    }
  }
  const last = next.items.at(-1);
  // One interruption after the other, and nothing between them: one line tells of them all.
  if (last?.kind === 'marker' && last.what === 'lost' && sameDay(last.at, now)) {
    return { ...next, items: next.items.with(-1, { ...last, until: 0 }) };
  }
  return appendMarker(next, 'lost', now);
}

function expire(room: RoomState, now: number): RoomState {
  const typing = room.typing.filter(({ until }) => until > now);
  return typing.length === room.typing.length ? room : { ...room, typing };
}

function look(state: ChatState, id: number): ChatState {
  let next = state;
  if (state.looking !== id) {
    // What was new when the room was looked at stays marked until one looks elsewhere.
    next = change(next, state.looking, (room) => (room.newFrom === 0 ? room : { ...room, newFrom: 0 }));
  }
  next = change(next, id, (room) => (room.unread === 0 ? room : { ...room, unread: 0 }));
  return { ...next, looking: id };
}
