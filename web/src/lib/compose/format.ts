/**
 * Where the typing is in a code block that is not closed: there Enter begins a new line. As markdown/parse.ts reads it: marks with
 * more of them behind on their line are code in a line, and many close a block at the end of its last line.
 */
export function inFence(before: string): boolean {
  const lines = before.split('\n');
  const last = lines.length - 1;
  let open = false;
  for (const [at, line] of lines.entries()) {
    const rest = /^ {0,3}```(.*)/.exec(line)?.[1];
    if (rest !== undefined) open = !open && !rest.includes('`');
    else if (at === last && /```[ \t]*$/.test(line)) open = false;
  }
  return open;
}

/** Whether what is typed now is code, in a block or in a line. */
export function inCode(before: string): boolean {
  const line = before.slice(before.lastIndexOf('\n') + 1);
  return inFence(before) || (line.match(/`/g)?.length ?? 0) % 2 === 1;
}

/** Puts a text in the place of another, as if it had been typed: the browser's undo takes it back. */
export function insert(input: HTMLTextAreaElement, text: string, start: number, end: number): void {
  input.focus();
  input.setSelectionRange(start, end);
  // The only way there is that undo knows of. What is inserted is text, never HTML.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  if (typeof document.execCommand === 'function' && document.execCommand('insertText', false, text)) return;
  input.setRangeText(text, start, end, 'end');
  input.dispatchEvent(new Event('input', { bubbles: true }));
}

const marks: Record<string, string> = { b: '**', i: '*', e: '`', X: '~~' };

/** Sets the marks around what is selected, or takes them away, by Ctrl or Cmd and a letter. False if the key means nothing. */
export function shortcut(event: KeyboardEvent, input: HTMLTextAreaElement): boolean {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return false;
  const mark = marks[event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase()];
  if (mark === undefined) return false;
  const { value, selectionStart: start, selectionEnd: end } = input;
  const chosen = value.slice(start, end);
  const wide = mark.length;
  const around =
    value.slice(Math.max(0, start - wide), start) === mark && value.slice(end, end + wide) === mark;
  if (around) {
    insert(input, chosen, start - wide, end + wide);
    input.setSelectionRange(start - wide, end - wide);
  } else {
    insert(input, `${mark}${chosen}${mark}`, start, end);
    input.setSelectionRange(start + wide, end + wide);
  }
  return true;
}
