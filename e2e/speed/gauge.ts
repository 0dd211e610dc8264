import type { CDPSession, Page } from 'playwright-core';

/** What a page did in a while. */
export interface Reading {
  seconds: number;
  /** Frames that the page was asked to paint, a second. */
  frames: number;
  /** The longest time between two of them, in milliseconds. */
  longest: number;
  /** In how many of them, a second, rows had come or gone. */
  drawn: number;
  /** How many tasks took over 50 ms, and their time together in milliseconds. */
  longTasks: number;
  longTime: number;
  /** From a key to the next painting, in milliseconds (Event Timing, in steps of 8): the longest, and at the 98th percentile. */
  slowestKey: number;
  key98: number;
  keys: number;
  /** What the main thread was busy with, in seconds. */
  busy: number;
  script: number;
  layout: number;
  style: number;
}

interface Seen {
  frames: number[];
  drawn: number;
  long: number[];
  keys: number[];
  stop: () => void;
}

/** The page's own global object: what runs there knows nothing of this file. */
interface Home {
  earshotGauge: Seen;
}

/** Measures a page from `start` on until `read`. */
export class Gauge {
  readonly #page: Page;
  readonly #session: CDPSession;
  #before = new Map<string, number>();

  private constructor(page: Page, session: CDPSession) {
    this.#page = page;
    this.#session = session;
  }

  static async at(page: Page): Promise<Gauge> {
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable');
    return new Gauge(page, session);
  }

  async start(): Promise<void> {
    await this.#page.evaluate(() => {
      const seen: Seen = { frames: [], drawn: 0, long: [], keys: [], stop: () => undefined };
      const watch = new PerformanceObserver((list) => {
        for (const { entryType, name, duration } of list.getEntries()) {
          if (entryType === 'longtask') seen.long.push(duration);
          else if (name === 'keydown') seen.keys.push(duration);
        }
      });
      watch.observe({ type: 'longtask' });
      watch.observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
      let changed = false;
      const rows = new MutationObserver(() => (changed = true));
      const list = document.querySelector('[data-key]')?.parentNode;
      if (list) rows.observe(list, { childList: true });
      let on = true;
      const frame = (): void => {
        seen.frames.push(performance.now());
        if (changed) seen.drawn += 1;
        changed = false;
        if (on) requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
      seen.stop = () => {
        on = false;
        watch.disconnect();
        rows.disconnect();
      };
      (globalThis as unknown as Home).earshotGauge = seen;
    });
    this.#before = await this.#metrics();
  }

  /** `keys` is how many were pressed: those that were quicker than 16 ms are not told of. */
  async read(keys: number): Promise<Reading> {
    const after = await this.#metrics();
    const { frames, drawn, long, slow } = await this.#page.evaluate(() => {
      const { frames, drawn, long, keys: slow, stop } = (globalThis as unknown as Home).earshotGauge;
      stop();
      return { frames, drawn, long, slow };
    });
    const spent = (name: string): number => (after.get(name) ?? 0) - (this.#before.get(name) ?? 0);
    const seconds = ((frames.at(-1) ?? 0) - (frames[0] ?? 0)) / 1000;
    const gaps = frames.slice(1).map((at, index) => at - (frames[index] ?? at));
    const sorted = slow.sort((a, b) => b - a);
    return {
      seconds,
      frames: gaps.length / seconds,
      longest: Math.max(0, ...gaps),
      drawn: drawn / seconds,
      longTasks: long.length,
      longTime: long.reduce((sum, time) => sum + time, 0),
      slowestKey: sorted[0] ?? 16,
      key98: sorted[Math.floor(keys * 0.02)] ?? 16,
      keys,
      busy: spent('TaskDuration'),
      script: spent('ScriptDuration'),
      layout: spent('LayoutDuration'),
      style: spent('RecalcStyleDuration'),
    };
  }

  /** What the page's heap holds, in bytes, after everything that nobody needs was collected. */
  async heap(): Promise<number> {
    await this.#session.send('HeapProfiler.collectGarbage');
    return (await this.#session.send('Runtime.getHeapUsage')).usedSize;
  }

  async #metrics(): Promise<Map<string, number>> {
    const { metrics } = await this.#session.send('Performance.getMetrics');
    return new Map(metrics.map(({ name, value }) => [name, value]));
  }
}
