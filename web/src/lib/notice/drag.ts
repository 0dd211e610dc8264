/** How far, in pixels, a mouse is moved before it drags, and a finger before it scrolls. */
const far = 6;
/** How long, in milliseconds, a finger rests on a row before it lifts it. */
const resting = 400;
/** So near to an edge of the list, in pixels, it scrolls while a row is dragged; and by how much. */
const edge = 36;
const pace = 12;

export interface Drag {
  /** A row is taken up. */
  lift: (row: HTMLElement) => void;
  /** It is held at this height of the window. */
  over: (y: number) => void;
  /** It is let go: after it was moved, or where it was. */
  drop: (moved: boolean, at: { x: number; y: number }) => void;
  cancel: () => void;
}

interface Held {
  row: HTMLElement;
  pointer: number;
  x: number;
  y: number;
  lifted: boolean;
  moved: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** Lets rows of a list be dragged: at once with a mouse, after a moment with a finger, which scrolls otherwise. */
export function draggable(list: HTMLElement, rows: string, drag: Drag): () => void {
  let held: Held | null = null;
  const stop = new AbortController();
  const { signal } = stop;

  const lift = (): void => {
    if (!held) return;
    held.lifted = true;
    drag.lift(held.row);
  };
  const end = (): Held | null => {
    const was = held;
    clearTimeout(was?.timer);
    held = null;
    return was;
  };

  const down = (event: PointerEvent): void => {
    if (event.button !== 0 || !event.isPrimary) return;
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>(rows) : null;
    if (!row) return;
    const { pointerId: pointer, clientX: x, clientY: y } = event;
    const timer = event.pointerType === 'mouse' ? undefined : setTimeout(lift, resting);
    held = { row, pointer, x, y, lifted: false, moved: false, timer };
  };
  const move = (event: PointerEvent): void => {
    if (event.pointerId !== held?.pointer) return;
    held.moved ||= Math.hypot(event.clientX - held.x, event.clientY - held.y) > far;
    if (!held.lifted && held.moved) {
      // A finger that moves before it has rested scrolls.
      if (event.pointerType !== 'mouse') return void end();
      lift();
    }
    if (!held.lifted || !held.moved) return;
    const { top, bottom } = list.getBoundingClientRect();
    if (event.clientY < top + edge) list.scrollTop -= pace;
    else if (event.clientY > bottom - edge) list.scrollTop += pace;
    drag.over(event.clientY);
  };
  const up = (event: PointerEvent): void => {
    if (event.pointerId !== held?.pointer) return;
    const was = end();
    if (!was?.lifted) return;
    // The click that follows is not meant for the row.
    const click = (clicked: Event): void => {
      clicked.preventDefault();
      clicked.stopPropagation();
    };
    addEventListener('click', click, { capture: true, once: true });
    setTimeout(() => {
      removeEventListener('click', click, { capture: true });
    }, 0);
    drag.drop(was.moved, { x: event.clientX, y: event.clientY });
  };
  const cancel = (): void => {
    if (end()?.lifted) drag.cancel();
  };

  list.addEventListener('pointerdown', down, { signal });
  addEventListener('pointermove', move, { signal });
  addEventListener('pointerup', up, { signal });
  addEventListener('pointercancel', cancel, { signal });
  // A browser would drag the link, or scroll.
  list.addEventListener(
    'dragstart',
    (event) => {
      event.preventDefault();
    },
    { signal },
  );
  list.addEventListener(
    'touchmove',
    (event) => {
      if (held?.lifted && event.cancelable) event.preventDefault();
    },
    { signal, passive: false },
  );
  addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'Escape' || !held?.lifted) return;
      event.stopPropagation();
      cancel();
    },
    { signal, capture: true },
  );
  return () => {
    end();
    stop.abort();
  };
}
