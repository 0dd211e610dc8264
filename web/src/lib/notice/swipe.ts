/** How far a finger goes at least, in pixels, and by how much more to the side than up or down. */
const far = 64;
const slope = 2;
/** Nearer to the window's edge than this, in pixels, a movement is the system's. */
const edge = 24;

/** Whether something between an element and the page scrolls to the side, or is moved otherwise: then a swipe is its. */
function taken(target: EventTarget | null, within: Element): boolean {
  for (let at = target instanceof Element ? target : null; at && at !== within; at = at.parentElement) {
    if (at.scrollWidth > at.clientWidth && /auto|scroll/.test(getComputedStyle(at).overflowX)) return true;
    if (at.matches('input, textarea, dialog, [popover], .lifted')) return true;
  }
  return false;
}

/** Tells of a finger that goes across an element: to where the writing begins, or to where it goes on. */
export function swipes(element: HTMLElement, swiped: (towards: 'start' | 'end') => void): () => void {
  let from: { x: number; y: number; id: number } | null = null;
  const stop = new AbortController();
  const { signal } = stop;
  element.addEventListener(
    'touchstart',
    (event) => {
      const [touch] = event.touches;
      from = null;
      if (!touch || event.touches.length > 1 || taken(event.target, element)) return;
      if (touch.clientX < edge || touch.clientX > innerWidth - edge) return;
      from = { x: touch.clientX, y: touch.clientY, id: touch.identifier };
    },
    { signal, passive: true },
  );
  element.addEventListener(
    'touchend',
    (event) => {
      const touch = [...event.changedTouches].find(({ identifier }) => identifier === from?.id);
      if (!touch || !from) return;
      const x = touch.clientX - from.x;
      const y = touch.clientY - from.y;
      from = null;
      if (Math.abs(x) < far || Math.abs(x) < slope * Math.abs(y)) return;
      // Somebody chose a text with the finger.
      if (getSelection()?.isCollapsed === false) return;
      const rtl = getComputedStyle(element).direction === 'rtl';
      swiped(x > 0 === rtl ? 'start' : 'end');
    },
    { signal, passive: true },
  );
  return () => {
    stop.abort();
  };
}
