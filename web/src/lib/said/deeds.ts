import { CommandError, ConnectionLost } from '../client/errors';
import { newNonce } from '../client/outbox';
import { tools } from '../i18n/tools';
import type { Chat } from '../state/chat.svelte';
import type { Aim, RoomState, Said } from '../state/types';
import { sentence } from '../api';
import { answerable, saidOf } from './gist';

/** Why something about a message was not done, in words; what to do about it with it. */
export function refusal(fault: unknown): string {
  if (fault instanceof CommandError) {
    return fault.code === 'too_late' ? tools.t.tooLate : fault.message;
  }
  return fault instanceof ConnectionLost ? tools.t.noConnection : sentence(fault);
}

/** Whether oneself has this emoji at a message, or is about to. */
export function mine({ reactions }: Said, emoji: string, me: number): boolean {
  const tally = reactions.find((one) => one.emoji === emoji);
  return tally?.users.some(({ id }) => id === me) ?? false;
}

/** Puts one's own emoji to a message or takes it away, at once; and otherwise again, with the reason, if the server refuses it. */
export async function toggle(chat: Chat, room: number, said: Said, emoji: string): Promise<string> {
  const on = !mine(said, emoji, chat.me.id);
  chat.reacts(room, said.seq, emoji, on, on);
  let why = '';
  try {
    await chat.ask({ type: 'react', room, seq: said.seq, emoji, on });
  } catch (fault) {
    why = refusal(fault);
  }
  const here = chat.room(room);
  const now = here && saidOf(here, said.key)?.reactions.find((tally) => tally.emoji === emoji);
  // Whoever wants it otherwise by now has asked for that, too.
  if (now?.wish === on) chat.reacts(room, said.seq, emoji, why === '' ? on : !on, undefined);
  return why;
}

/** Whether a message is one's own and the server may still let it be changed. */
export const changeable = (chat: Chat, room: RoomState, said: Said): boolean =>
  said.user.id === chat.me.id && room.live && answerable(room, said) && chat.inTime(said.at);

export const aimed = (kind: Aim['kind'], { seq, key }: Said): Aim => ({
  kind,
  seq,
  key,
  nonce: kind === 'edit' ? newNonce() : '',
  before: '',
});

/** The last message of one's own that can still be changed. */
export const lastOwn = (chat: Chat, room: RoomState): Said | undefined =>
  room.items.findLast((item): item is Said => item.kind === 'said' && changeable(chat, room, item));

/** Gives a message another text. Fails as the server does. */
export async function amend(chat: Chat, room: number, { seq, nonce }: Aim, text: string): Promise<void> {
  await chat.ask({ type: 'edit', room, seq, text, nonce });
}

export async function takeBack(chat: Chat, room: number, { seq }: Said): Promise<void> {
  await chat.ask({ type: 'take_back', room, seq });
}
