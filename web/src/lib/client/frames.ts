import type {
  Changed,
  Closed,
  Edited,
  Error as ErrorFrame,
  Hello,
  Joined,
  Left,
  Message,
  Muted,
  OK,
  Occupants,
  Ping,
  Posted,
  Presence,
  Reaction,
  Removed,
  Resumed,
  Returned,
  Sighting,
  Profile,
  Status,
  Stopping,
  TakenBack,
  Typing,
} from '../wire.gen';

/** What the server sends, told apart by `type`. */
export type Frame =
  | Hello
  | OK
  | ErrorFrame
  | Joined
  | Left
  | Posted
  | Occupants
  | Message
  | Edited
  | TakenBack
  | Reaction
  | Sighting
  | Presence
  | Typing
  | Status
  | Profile
  | Changed
  | Closed
  | Removed
  | Muted
  | Ping
  | Resumed
  | Returned
  | Stopping;

/** An event that has a number, and so its place among those of its room. */
export type Numbered = Message | Edited | TakenBack | Reaction | Presence | Changed | Closed;

/** What reading a frame came to: `unknown` is a type of a later server, `broken` is not the protocol's form. */
export type Parsed = { frame: Frame } | { fault: 'broken' | 'unknown' };

type Check = (value: unknown) => boolean;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
const number: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const count: Check = (value) => number(value) && (value as number) >= 0;
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const shape = (fields: Record<string, Check>): Check => {
  const checks = Object.entries(fields);
  return (value) => isObject(value) && checks.every(([name, check]) => check(value[name]));
};
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

const user = shape({ id: number, name: text });
const occupant = shape({ id: number, name: text, status: maybe(text), seen: maybe(count) });
const room = shape({
  id: number,
  name: text,
  title: text,
  topic: text,
  access: text,
  owner: number,
  slow_seconds: maybe(count),
  locked: maybe(text),
});
const limits = shape({
  frame_bytes: count,
  text_bytes: count,
  rooms: count,
  posts_per_second: count,
  posts_burst: count,
  frames_per_second: count,
  frames_burst: count,
});
const presence = shape({
  room: number,
  seq: count,
  at: number,
  users: list(user),
  more: maybe(count),
  count: count,
});

/** What all events about a message have. */
const about = { room: number, seq: count, at: number, user, of: count };

// A Map, so that a type such as "constructor" finds nothing.
const shapes = new Map<string, Check>([
  [
    'hello',
    shape({
      protocol: text,
      server: text,
      epoch: text,
      user,
      limits,
      ping_ms: count,
      resume: text,
      resume_ms: count,
    }),
  ],
  ['ok', shape({ ref: number })],
  ['error', shape({ ref: number, code: text, message: text, field: maybe(text), retry_ms: maybe(count) })],
  [
    'joined',
    shape({ ref: number, room: number, info: room, seq: count, occupants: list(occupant), count: count }),
  ],
  ['resumed', shape({ ref: number, rooms: list(number) })],
  [
    'returned',
    shape({ room: number, info: room, seq: count, lost: count, occupants: list(occupant), count: count }),
  ],
  ['left', shape({ ref: number, room: number })],
  ['posted', shape({ ref: number, room: number, seq: count, at: number, nonce: text, heard: count })],
  ['occupants', shape({ ref: number, room: number, occupants: list(occupant), count: count, more: flag })],
  [
    'message',
    shape({
      room: number,
      seq: count,
      at: number,
      user,
      nonce: text,
      text,
      reply: maybe(count),
      size: maybe(number),
    }),
  ],
  ['edited', shape({ ...about, text })],
  ['taken_back', shape(about)],
  ['reaction', shape({ ...about, emoji: text, on: flag })],
  ['seen', shape({ room: number, seen: list(shape({ id: number, seq: count })) })],
  ['entered', presence],
  ['departed', presence],
  ['typing', shape({ room: number, users: list(user), more: maybe(count) })],
  ['status', shape({ room: number, status: text, users: list(user), more: maybe(count) })],
  ['profile', shape({ room: number, user, display_name: text, avatar: text })],
  ['changed', shape({ room: number, seq: count, at: number, info: room })],
  ['closed', shape({ room: number, seq: count, at: number })],
  [
    'removed',
    shape({ room: number, code: text, message: text, reason: maybe(text), retry_ms: maybe(count) }),
  ],
  [
    'muted',
    shape({ room: number, on: flag, until: maybe(count), retry_ms: maybe(count), reason: maybe(text) }),
  ],
  ['ping', shape({})],
  ['stopping', shape({ return_ms: count })],
]);

/** Reads one frame. Whatever comes, it does not throw: the rest of the page relies on the shapes checked here. */
export function parseFrame(data: unknown): Parsed {
  if (typeof data !== 'string') return { fault: 'broken' };
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return { fault: 'broken' };
  }
  if (!isObject(value) || typeof value.type !== 'string') return { fault: 'broken' };
  const check = shapes.get(value.type);
  if (!check) return { fault: 'unknown' };
  return check(value) ? { frame: value as unknown as Frame } : { fault: 'broken' };
}
