/** Goes along the buttons of a bar by the arrows, as one reads; false for any other key. */
export function along(event: KeyboardEvent, buttons: readonly HTMLElement[]): boolean {
  if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return false;
  const here = buttons.findIndex((button) => button === event.target);
  const [first] = buttons;
  if (!first) return false;
  const ahead = getComputedStyle(first).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
  const by = event.key === ahead ? 1 : buttons.length - 1;
  buttons[(here + by) % buttons.length]?.focus();
  return true;
}

/** Goes from one message to another, or to the last. */
export function step(log: HTMLElement | undefined, from: HTMLElement | null, by: number): void {
  const rows = [...(log?.querySelectorAll<HTMLElement>('[data-testid=message]') ?? [])];
  const next = from ? rows[rows.indexOf(from) + by] : rows.at(-1);
  next?.focus();
}
