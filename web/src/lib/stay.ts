/**
 * Where the focus was: the element that had it, what that stood in, from the inside to the outside, and what it had been at before
 * a dialog opened over it.
 */
interface Place {
  at: HTMLElement;
  around: readonly { part: Element; beside: readonly (Element | null)[] }[];
  under: Place | null;
}

const controls = 'a[href], button, input, select, textarea';
/** Of these, there are many alike: who has done with one goes on with the next. */
const alike = 'li, tr';

const there = (element: Element): boolean => element.isConnected && element.checkVisibility();
const asleep = (element: Element): boolean => element.matches(':disabled');

/**
 * Keeps the focus in the page. What has it may go, with all it stands in, or be disabled while an answer is awaited, and browsers
 * then leave it nowhere: who listens to the page is told nothing, and is at its beginning again. It goes to where that was: to
 * what had it before, to the next one of a list, else to the heading of the part that is left, which is that of another page where
 * the page has gone. Who puts the focus somewhere themselves is left alone.
 */
export function stay(): void {
  let place: Place | null = null;
  let frame = 0;

  document.addEventListener('focusin', ({ target }) => {
    if (target instanceof HTMLElement) place = placeOf(target, place);
  });

  // It may be left for nothing, too, by a press beside it. Browsers that tell of what goes do so before it has.
  document.addEventListener('focusout', ({ target }) => {
    queueMicrotask(() => {
      if (place?.at === target && nowhere() && there(place.at) && !asleep(place.at)) place = null;
    });
  });

  // Where it is nowhere and somebody presses, they need no place for it.
  document.addEventListener('pointerdown', () => {
    if (nowhere()) place = null;
  });

  // A frame later: what changed the page may have a better place for it.
  new MutationObserver(() => {
    if (frame !== 0 || !place || !nowhere()) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      if (place && nowhere()) goOn(place);
    });
  }).observe(document.body, { childList: true, subtree: true, attributeFilter: ['disabled', 'open'] });
}

const nowhere = (): boolean => document.activeElement === document.body || document.activeElement === null;

function placeOf(at: HTMLElement, before: Place | null): Place {
  const around: Place['around'][number][] = [];
  for (let part: Element | null = at; part && part !== document.body; part = part.parentElement)
    around.push({ part, beside: [part.nextElementSibling, part.previousElementSibling] });
  const dialog = at.closest('dialog');
  const under = dialog && before?.at.closest('dialog') === dialog ? before.under : before;
  return { at, around, under: dialog ? under : null };
}

function goOn(lost: Place): void {
  let place = lost;
  while (place.under && !place.at.closest('dialog[open]')) place = place.under;
  // What waits for an answer has it back when that is there.
  if (there(place.at)) {
    if (!asleep(place.at)) place.at.focus();
    return;
  }
  const outside = place.around.findIndex(({ part }) => there(part));
  const [gone, rest] = [place.around[outside - 1], place.around[outside]?.part ?? document.body];
  const next = gone && nextOf(gone, place.at);
  if (next) next.focus();
  else goTo(rest.closest<HTMLElement>('[tabindex]') ?? headingOf(rest));
}

/** The control of the next one of a list, or of the one before, that is what this was of the one that has gone. */
function nextOf({ part, beside }: Place['around'][number], at: HTMLElement): HTMLElement | undefined {
  if (!part.matches(alike)) return undefined;
  const which = [...part.querySelectorAll(controls)].indexOf(at);
  return beside
    .filter((one) => one !== null && there(one))
    .map((one) => one?.querySelectorAll<HTMLElement>(controls)[which])
    .find((one) => one && !asleep(one));
}

/** The heading of a part of the page: in it, or the last one before it. Where all has gone it is the page's own, once that is there. */
function headingOf(part: Element): HTMLElement | undefined {
  const within = [...document.querySelectorAll('dialog:modal')].at(-1) ?? document.body;
  const all = [...within.querySelectorAll<HTMLElement>('h1, h2, h3')].filter(there);
  const inside = all.filter((one) => part.contains(one));
  const own = inside.find((one) => one.matches('h1'));
  if (own || part.contains(document.querySelector('#app'))) return own;
  const before = (one: Element): boolean =>
    (one.compareDocumentPosition(part) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
  return inside[0] ?? all.findLast(before) ?? all[0];
}

/** A heading can have the focus for as long as one is at it. */
function goTo(goal: HTMLElement | undefined): void {
  if (goal && !goal.hasAttribute('tabindex')) {
    goal.tabIndex = -1;
    goal.addEventListener('blur', () => goal.removeAttribute('tabindex'), { once: true });
  }
  goal?.focus();
}
