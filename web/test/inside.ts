import type { Gap } from '../src/lib/client/client';
import type { Frame } from '../src/lib/client/frames';
import type { Hello } from '../src/lib/wire.gen';
import { fakeClient } from './fake';
import type { FakeSocket } from './fake';

/** A client that is in rooms whose last events it has: `rooms` gives the numbers. What it tells is written down in `told`. */
export function inside(rooms: Record<number, number> = { 1: 10 }) {
  const fake = fakeClient();
  const { client } = fake;
  const told: string[] = [];
  const frames: Frame[] = [];
  const gaps: Gap[] = [];
  client.on('frame', (frame) => {
    frames.push(frame);
    if (frame.type === 'message') told.push(frame.text);
    else if (frame.type === 'joined' || frame.type === 'returned') told.push(`${frame.type} ${frame.room}`);
    else if (['entered', 'departed', 'changed', 'closed'].includes(frame.type)) told.push(frame.type);
  });
  client.on('gap', (gap) => {
    gaps.push(gap);
    told.push(`gap ${gap.room}: ${gap.lost} ${gap.why}`);
  });
  client.start();
  fake.socket.hello();
  for (const [room, seq] of Object.entries(rooms)) {
    client.join(Number(room));
    fake.socket.admit(Number(room), { seq });
  }
  told.length = 0;
  const back = (hello: Partial<Hello> = { resume: 't2' }): FakeSocket => {
    client.retryNow();
    fake.socket.hello(hello);
    return fake.socket;
  };
  return { fake, client, told, frames, gaps, back };
}

/** What a resume asked for: the token, and the number of each room. */
export const seen = (socket: FakeSocket) => {
  const { token, seen: rooms } = socket.last('resume');
  return [token, Object.fromEntries((rooms ?? []).map(({ room, seq }) => [room, seq]))];
};
/** The types of what was sent. */
export const types = (socket: FakeSocket): string[] => socket.sent.map(({ type }) => type);
