import { aimed, amend, lastOwn, refusal } from '../said/deeds';
import { saidOf } from '../said/gist';
import { tools } from '../i18n/tools';
import type { Chat } from '../state/chat.svelte';
import type { Aim, RoomState } from '../state/types';
import { visible } from '../text';

/** The message box, as what helps to write sees it. */
export interface Desk {
  readonly chat: Chat | undefined;
  readonly room: RoomState | undefined;
  readonly aim: Aim | null;
  readonly text: string;
  /** How loud the next message is. */
  size: number;
  /** Says something to the person at the box. */
  tell: (words: string) => void;
}

const softest = -2;
const loudest = 2;
/** So far, in pixels, the button is dragged for each step. */
const stride = 28;

const bounded = (size: number): number => Math.max(softest, Math.min(loudest, size));

/** A key of the box that is about answers, changes or loudness; false if it is none. */
export function deskKey(event: KeyboardEvent, desk: Desk): boolean {
  const { chat, room, aim } = desk;
  // With Alt the arrows lead to other rooms.
  if (event.altKey || event.shiftKey || !chat || !room) return false;
  const { key } = event;
  const up = key === 'ArrowUp';
  if (event.ctrlKey || event.metaKey) {
    if ((!up && key !== 'ArrowDown') || aim?.kind === 'edit') return false;
    desk.size = bounded(desk.size + (up ? 1 : -1));
    return true;
  }
  if (key === 'Escape' && (aim || desk.size !== 0)) {
    desk.size = 0;
    chat.aimAt(room.id, null);
    return true;
  }
  // What was said last may still be on its way: the one before it is not what is meant.
  if (!up || desk.text !== '' || aim || room.outbox.length > 0) return false;
  const said = lastOwn(chat, room);
  if (said) chat.aimAt(room.id, aimed('edit', said));
  else if (room.items.some((item) => item.kind === 'said' && item.user.id === chat.me.id)) {
    desk.tell(tools.t.nothingToEdit);
  }
  return true;
}

/** What stands in the box was to be sent, and is not: tells how a message is taken back of which a change leaves nothing. */
export function unsent(desk: Desk): void {
  if (desk.aim?.kind === 'edit' && !visible(desk.text)) desk.tell(tools.t.nothingLeft);
}

/** The button that sends is dragged up or down: it says how loud, and sends nothing yet. */
export function drag(event: PointerEvent, desk: Desk): void {
  const button = event.currentTarget;
  if (!(button instanceof HTMLElement) || event.button !== 0 || desk.aim?.kind === 'edit') return;
  const from = event.clientY;
  const before = desk.size;
  let moved = false;
  const move = ({ clientY }: PointerEvent): void => {
    moved ||= Math.abs(clientY - from) > stride / 2;
    if (moved) desk.size = bounded(before + Math.round((from - clientY) / stride));
  };
  const hush = (click: Event): void => {
    click.preventDefault();
    click.stopPropagation();
  };
  const end = (): void => {
    button.removeEventListener('pointermove', move);
    if (!moved) return;
    button.addEventListener('click', hush, { capture: true, once: true });
    // Where the drag ended elsewhere no click follows, and the next one is meant.
    setTimeout(() => {
      button.removeEventListener('click', hush, { capture: true });
    }, 0);
  };
  button.setPointerCapture(event.pointerId);
  button.addEventListener('pointermove', move);
  button.addEventListener('lostpointercapture', end, { once: true });
}

/** What stands in the box from now on: a change of a message begins with its text, and ends with what was typed before it, and for whom. */
export function begun({ chat, room, text }: Desk, was: Aim | null, next: Aim | null): string {
  const { before, answer } = was?.kind === 'edit' ? was : { before: text, answer: was ?? undefined };
  if (next?.kind !== 'edit') {
    // Typed for somebody, it is not to be said to nobody.
    if (!next && was?.kind === 'edit' && room && answer && saidOf(room, answer.key)) {
      chat?.aimAt(room.id, answer);
    }
    return before;
  }
  next.before = before;
  if (answer) next.answer = answer;
  return (room && saidOf(room, next.key)?.text) ?? '';
}

/** Gives the message that is aimed at another text. Gives why not, if it was not done; then all stays as it is. */
export async function changed({ chat, room }: Desk, aim: Aim, text: string): Promise<string> {
  if (!chat || !room) return '';
  try {
    if (saidOf(room, aim.key)?.text !== text) await amend(chat, room.id, aim, text);
  } catch (fault) {
    return `${refusal(fault)} ${tools.t.tooLateText}`;
  }
  chat.aimAt(room.id, null);
  return '';
}
