/**
 * Does something now and again, beginning when `every` milliseconds are over, and at once when the page is looked at again:
 * until the answer is false, or what it gave is called. A failure is no answer.
 */
export function repeat(what: () => Promise<boolean>, every: number): () => void {
  const ended = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false;

  function later(): void {
    if (!ended.signal.aborted) timer = setTimeout(() => void go(), every);
  }

  async function go(): Promise<void> {
    if (busy) return;
    busy = true;
    clearTimeout(timer);
    const more = await what().catch(() => true);
    busy = false;
    if (more) later();
    else end();
  }

  function end(): void {
    ended.abort();
    clearTimeout(timer);
  }

  later();
  document.addEventListener(
    'visibilitychange',
    () => {
      if (!document.hidden) void go();
    },
    { signal: ended.signal },
  );
  return end;
}
