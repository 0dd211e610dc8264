/** What a key asks the page for. */
export type Asked =
  'switcher' | 'search' | 'keys' | 'up' | 'down' | 'unreadUp' | 'unreadDown' | 'escape' | 'write';

const typed = 'input, textarea, select, [contenteditable]:not([contenteditable=false])';

/** What a pressed key asks for; null for nothing. What is typed in a field asks for nothing, but with Ctrl, Cmd or Alt. */
export function asked(event: KeyboardEvent): Asked | null {
  if (event.isComposing || event.defaultPrevented) return null;
  const { key, altKey, shiftKey } = event;
  const control = event.ctrlKey || event.metaKey;
  if (control && !altKey && !shiftKey && key.toLowerCase() === 'k') return 'switcher';
  if (control && !altKey && shiftKey && key.toLowerCase() === 'f') return 'search';
  if (control) return null;
  const field = event.target instanceof Element && event.target.closest(typed) !== null;
  if (altKey) {
    // In a list of choices Alt and an arrow open it.
    if (event.target instanceof HTMLSelectElement) return null;
    if (key === 'ArrowUp') return shiftKey ? 'unreadUp' : 'up';
    if (key === 'ArrowDown') return shiftKey ? 'unreadDown' : 'down';
    return null;
  }
  if (key === 'Escape') return 'escape';
  if (field) return null;
  if (key === '?') return 'keys';
  if (key === '/') return 'search';
  return key !== ' ' && Array.from(key).length === 1 && idle(event.target) ? 'write' : null;
}

/** Whether what is typed there would be lost: on the page itself, or on a message, where few letters mean anything. */
const idle = (target: EventTarget | null): boolean =>
  target instanceof Element && target.matches('body, [role=log], [data-testid=message]');

/** The one after or before the current in a circle, of those that pass; undefined where none does. */
export function beside<Thing>(
  things: readonly Thing[],
  current: number,
  by: -1 | 1,
  passes: (thing: Thing) => boolean = () => true,
): Thing | undefined {
  const { length } = things;
  // Before the first there is the last, also where there is no current one.
  let at = current < 0 && by < 0 ? 0 : current;
  for (let tries = 0; tries < length; tries++) {
    at = (at + by + length) % length;
    const thing = things[at];
    if (thing !== undefined && at !== current && passes(thing)) return thing;
  }
  return undefined;
}
