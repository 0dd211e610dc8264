import { on } from 'svelte/events';

/** How long, in milliseconds, a finger rests on a message before it means it, and how far it moves before it scrolls, in pixels. */
const resting = 450;
const far = 10;

/** What a tap, and what a finger that rests, does something else with; a text that is being selected is left to the browser. */
const tapped = 'a, button, input, textarea, summary, [data-choosing]';
const rested = 'a, pre, input, textarea, [data-choosing]';

/** Tells of a finger that taps something inside an element, or rests on it. What scrolls, and what a mouse does, is neither. */
export function fingers(within: HTMLElement, selector: string, tell: (row: HTMLElement) => void): () => void {
  let from: { x: number; y: number } | null = null;
  /** What a click would be a tap at. */
  let tap: HTMLElement | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let unhush: (() => void) | undefined;

  /** The finger that has rested is lifted: that is no click, on whatever lies below it by then. */
  const hush = (): void => {
    unhush?.();
    unhush = on(
      document,
      'touchend',
      (event) => {
        if (event.cancelable) event.preventDefault();
        unhush?.();
      },
      { passive: false, capture: true },
    );
  };
  const end = (): void => {
    clearTimeout(timer);
    from = null;
  };
  const down = (event: PointerEvent): void => {
    end();
    unhush?.();
    tap = null;
    if (event.pointerType !== 'touch' || !event.isPrimary || !(event.target instanceof Element)) return;
    const { target } = event;
    const row = target.closest<HTMLElement>(selector);
    if (!row) return;
    if (!target.closest(tapped)) tap = row;
    if (target.closest(rested)) return;
    from = { x: event.clientX, y: event.clientY };
    timer = setTimeout(() => {
      tap = null;
      hush();
      tell(row);
    }, resting);
  };
  const offs = [
    on(within, 'pointerdown', down),
    on(within, 'pointermove', (event) => {
      if (from && Math.hypot(event.clientX - from.x, event.clientY - from.y) > far) end();
    }),
    on(within, 'pointerup', end),
    on(within, 'pointercancel', end),
    // The browser's own menu, and its choice of a word, come a moment later than this.
    on(within, 'contextmenu', (event) => {
      if (from) event.preventDefault();
    }),
    on(within, 'click', (event) => {
      const row = tap;
      tap = null;
      // A tap may only have ended a selection.
      if (row && !event.defaultPrevented && getSelection()?.isCollapsed !== false) tell(row);
    }),
  ];
  return () => {
    end();
    unhush?.();
    for (const off of offs) off();
  };
}
