import { faces } from '../faces.svelte';
import type { Me } from '../api';
import type { RoomState } from '../state/types';
import { deed } from '../text';
import { clockTime } from '../time';
import { saidOf } from './gist';

/** What of a message is for the eye only, or for a press. */
const dressing = 'button, svg, .visually-hidden, [aria-hidden=true]';

/** A message that a selection reaches, and what of its text is selected. */
interface Piece {
  user: number;
  name: string;
  at: number;
  text: string;
  range: Range;
  whole: boolean;
}

/** The messages of `log` that a selection reaches with their texts. */
function reached(room: RoomState, log: HTMLElement, selection: Range, me: Me): Piece[] {
  const pieces: Piece[] = [];
  for (const row of log.querySelectorAll<HTMLElement>('[data-testid=message]')) {
    const shown = row.querySelector('[data-testid=message-text]');
    const { name = '' } = row.dataset;
    const draft = room.outbox.find(({ nonce }) => nonce === name);
    const said = draft ? { ...draft, user: { id: me.id, name: me.username } } : saidOf(room, Number(name));
    if (!shown || !said || !selection.intersectsNode(shown)) continue;
    const range = new Range();
    range.selectNodeContents(shown);
    const from = range.compareBoundaryPoints(Range.START_TO_START, selection) < 0;
    const to = range.compareBoundaryPoints(Range.END_TO_END, selection) > 0;
    if (from) range.setStart(selection.startContainer, selection.startOffset);
    if (to) range.setEnd(selection.endContainer, selection.endOffset);
    if (range.toString().trim() === '') continue;
    const whole = range.toString() === shown.textContent;
    const { user, at, text } = said;
    pieces.push({ user: user.id, name: faces.called(user), at, text, range, whole });
  }
  return pieces;
}

/** A part of the page with nothing of it but its words, their emphasis and links. */
function plainly(range: Range): DocumentFragment {
  const copy = range.cloneContents();
  for (const one of copy.querySelectorAll(dressing)) one.remove();
  for (const one of copy.querySelectorAll('*')) {
    for (const { name } of [...one.attributes]) if (name !== 'href') one.removeAttribute(name);
  }
  const remarks = document.createNodeIterator(copy, NodeFilter.SHOW_COMMENT);
  for (let one = remarks.nextNode(); one; one = remarks.nextNode()) (one as Comment).remove();
  return copy;
}

/**
 * Puts several messages into a clipboard as one would write them down: who, when, and below it what they said, as it was
 * typed; for programs that know more than letters, with its emphasis and links. Of a single one the browser does it.
 */
export function copySaid(event: ClipboardEvent, room: RoomState, log: HTMLElement, me: Me): void {
  const selection = getSelection();
  if (!event.clipboardData || !selection || selection.rangeCount === 0) return;
  const pieces = reached(room, log, selection.getRangeAt(0), me);
  if (pieces.length < 2) return;
  const lines: string[] = [];
  const page = document.createElement('div');
  let author = 0;
  for (const { user, name, at, text, range, whole } of pieces) {
    const done = deed(text);
    const body = document.createElement('div');
    body.append(plainly(range));
    if (done === null && user !== author) {
      const head = document.createElement('p');
      head.append(`${name}, ${clockTime(at)}`);
      page.append(head);
      if (lines.length > 0) lines.push('');
      lines.push(head.textContent);
    }
    author = done === null ? user : 0;
    page.append(body);
    lines.push(!whole ? range.toString() : done === null ? text : `${name} ${done}`);
  }
  event.clipboardData.setData('text/plain', lines.join('\n'));
  event.clipboardData.setData('text/html', page.innerHTML);
  event.preventDefault();
}
