import type { Joined, Room } from '../wire.gen';
import type { Client, Gap, Kept, Outboxes } from './client';
import type { Fault } from './fault';
import { packed } from './packing';
import type { Frame } from './frames';
import { Gather } from './gather';
import type { Connection } from './link';
import type { Draft } from './outbox';
import type { Status } from './status';

/** What a tab asks of the client: a call by name, or one of the turns of its own life. */
export type Asking =
  | { type: 'call'; id: number; name: Called; args: readonly unknown[] }
  /**
   * The tab's page before this one left its session; goes on with it where nobody has one. With `outboxes` it is the page
   * itself whose thread is no more: it knows what was said, and other tabs may ask for the same.
   */
  | { type: 'restore'; kept: Kept; outboxes?: Outboxes }
  | { type: 'start' }
  /** Logged out, or somebody else: the tab hears nothing more. */
  | { type: 'stop' }
  /** The tab's page is left. */
  | { type: 'hide' };

/** What can be called. */
export type Called =
  | 'retryNow'
  | 'nudge'
  | 'reconnect'
  | 'join'
  | 'leave'
  | 'post'
  | 'retry'
  | 'discard'
  | 'typing'
  | 'see'
  | 'setStatus'
  | 'occupants'
  | 'ask';

/** What a tab is told. */
export type Telling =
  | { type: 'ready' }
  | { type: 'connection'; detail: Connection }
  | { type: 'frame'; detail: Frame }
  | { type: 'gap'; detail: Gap }
  | { type: 'outbox'; detail: { room: number; drafts: readonly Draft[]; said: readonly Draft[] } }
  | { type: 'refused'; detail: { room: number; error: Fault } }
  | { type: 'done'; id: number; value?: unknown; fault?: Fault }
  /** What a page needs to go on with the session, as it is now. */
  | { type: 'kept'; kept: Kept | null };

/** The end of a line to a tab. */
export interface Line {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage: (tellings: readonly Telling[]) => void;
}

/** How long, in milliseconds, what brings the session back may be older than what was heard. */
const keptEvery = 20;

/** How long, in milliseconds, the tabs of a thread that died are waited for. */
const gathering = 250;

interface Tab {
  /** All that it is told goes this way. */
  out: Gather<Telling>;
  status: Status;
  /** The rooms that it asked for. */
  wanted: Set<number>;
  /** The rooms that it hears; of others it is told nothing. */
  hears: Set<number>;
  /** Up to which number the events of a room are not for it: they were said before it was there. */
  before: Map<number, number>;
  /** The room that it entered by the last frame: what others missed in it is none of its business. */
  newcomer: number;
}

/**
 * One client for all tabs of a browser. Each tab hears what is said in its rooms from when it came, and nothing of before: what
 * was said is not kept for a tab that is opened later.
 */
export class Tabs {
  readonly #client: Client;
  readonly #tabs = new Set<Tab>();
  /** The rooms that the session is in, as they were told last. */
  readonly #rooms = new Map<number, Room>();
  /** How far each was told. */
  readonly #seqs = new Map<number, number>();
  readonly #close: () => void;
  #keeping = false;
  /** The thread takes the place of one that died: more tabs than one come, and what was missed is to be heard in all. */
  #gathers = false;

  /** `close` ends the thread, where it is one of its own. */
  constructor(client: Client, close: () => void) {
    this.#client = client;
    this.#close = close;
    client.on('connection', (detail) => {
      this.#each(({ out }) => {
        out.rush({ type: 'connection', detail });
      });
    });
    client.on('frame', (frame) => {
      this.#heard(frame);
    });
    client.on('gap', (detail) => {
      this.#each((tab) => {
        const { hears, newcomer, out } = tab;
        if (hears.has(detail.room) && newcomer !== detail.room) out.put({ type: 'gap', detail });
      });
    });
    client.on('outbox', (detail) => {
      this.#each(({ hears, out }) => {
        if (hears.has(detail.room)) out.rush({ type: 'outbox', detail });
      });
    });
    client.on('refused', ({ room, error }) => {
      const detail = { room, error: packed(error) };
      this.#forget(room);
      this.#each(({ wanted, hears, out }) => {
        if (wanted.delete(room) || hears.has(room)) out.rush({ type: 'refused', detail });
      });
    });
  }

  /** How many tabs there are. */
  get count(): number {
    return this.#tabs.size;
  }

  /** A tab came. `gone` is settled when its page is no more, by whatever way; without it that is not noticed. */
  attach(line: Line, gone?: Promise<unknown>): void {
    const tab: Tab = {
      out: new Gather((tellings) => {
        line.postMessage(tellings);
      }),
      status: 'active',
      wanted: new Set(),
      hears: new Set(),
      before: new Map(),
      newcomer: 0,
    };
    this.#tabs.add(tab);
    line.onmessage = ({ data }: MessageEvent) => {
      if (this.#tabs.has(tab)) this.#asked(tab, data as Asking);
    };
    void gone?.then(() => {
      this.#detach(tab);
    });
    tab.out.rush({ type: 'ready' });
  }

  #each(what: (tab: Tab) => void): void {
    for (const tab of this.#tabs) what(tab);
    this.#keep();
  }

  #detach(tab: Tab): void {
    if (!this.#tabs.delete(tab)) return;
    tab.out.stop();
    // A session that nobody is left of ends with its thread, by the server's clock: somebody may load the page anew.
    if (this.#tabs.size > 0) this.#tellStatus();
  }

  #asked(tab: Tab, asking: Asking): void {
    const running = this.#client.connection.phase !== 'idle';
    switch (asking.type) {
      case 'restore':
        this.#restore(tab, asking, running);
        return;
      case 'start':
        if (running && this.#client.connection.phase !== 'ended') {
          tab.out.rush({ type: 'connection', detail: this.#client.connection });
        } else if (this.#gathers) {
          setTimeout(() => {
            if (this.#tabs.size > 0) this.#client.start();
          }, gathering);
        } else this.#client.start();
        return;
      case 'stop':
        this.#detach(tab);
        if (this.#tabs.size > 0) return;
        this.#rooms.clear();
        this.#seqs.clear();
        this.#client.stop();
        return;
      case 'hide':
        // The next page of the only tab goes on with the session, and hears what is said meanwhile.
        if (this.#tabs.size === 1) this.#close();
        return;
      case 'call':
        this.#called(tab, asking);
    }
  }

  #restore(tab: Tab, { kept, outboxes }: Extract<Asking, { type: 'restore' }>, running: boolean): void {
    if (!running && (outboxes ? !this.#client.keep() : this.#tabs.size === 1))
      this.#client.restore(kept, outboxes);
    else if (!outboxes) return;
    // As long as a room is not back all that was missed in it is still to come, whichever tab was first.
    for (const room of kept.rooms) if (!this.#rooms.has(room)) tab.hears.add(room);
    if (!outboxes) return;
    for (const { room, seq } of kept.seen) tab.before.set(room, seq);
    this.#gathers = true;
    tab.status = kept.status;
    this.#tellStatus();
  }

  #called(tab: Tab, { id, name, args }: Extract<Asking, { type: 'call' }>): void {
    const done = (value: unknown): void => {
      tab.out.rush({ type: 'done', id, value });
    };
    const failed = (error: unknown): void => {
      tab.out.rush({ type: 'done', id, fault: packed(error) });
    };
    const [first] = args;
    if (name === 'join') {
      this.#join(tab, first as number);
      done(undefined);
      return;
    }
    if (name === 'setStatus') {
      tab.status = first as Status;
      this.#tellStatus();
      done(undefined);
      return;
    }
    if (name === 'leave') this.#left(tab, first as number);
    const call = this.#client[name].bind(this.#client) as (...given: readonly unknown[]) => unknown;
    Promise.resolve(call(...args)).then(done, failed);
    this.#keep();
  }

  /** A room that the session is in already is shown to the tab as it is now, without anything that was said. */
  #join(tab: Tab, room: number): void {
    tab.wanted.add(room);
    if (!this.#rooms.has(room)) {
      this.#client.join(room);
      return;
    }
    this.#client.occupants(room, '').then(
      ({ occupants, count }) => {
        const info = this.#rooms.get(room);
        if (!info || tab.hears.has(room) || !this.#tabs.has(tab)) return;
        this.#enters(tab, {
          type: 'joined',
          ref: 0,
          room,
          info,
          seq: this.#seqs.get(room) ?? 0,
          occupants,
          count,
        });
      },
      () => {
        // The connection is lost; the tab enters when it is back.
      },
    );
  }

  #enters(tab: Tab, frame: Joined): void {
    tab.hears.add(frame.room);
    tab.newcomer = frame.room;
    // It heard the room in a thread that is no more, and other tabs were back earlier: what they had meanwhile it missed.
    const lost = frame.seq - (tab.before.get(frame.room) ?? frame.seq);
    tab.before.set(frame.room, frame.seq);
    tab.out.put({ type: 'frame', detail: frame });
    if (lost > 0) tab.out.put({ type: 'gap', detail: { room: frame.room, lost, why: 'lost' } });
  }

  /** One tab left: the others are out, too. */
  #left(by: Tab, room: number): void {
    this.#forget(room);
    for (const tab of this.#tabs) {
      if (tab !== by && tab.hears.has(room))
        tab.out.rush({ type: 'frame', detail: { type: 'left', ref: 0, room } });
      tab.hears.delete(room);
      tab.wanted.delete(room);
      tab.before.delete(room);
    }
  }

  #forget(room: number): void {
    this.#rooms.delete(room);
    this.#seqs.delete(room);
  }

  #heard(frame: Frame): void {
    if (frame.type === 'joined' || frame.type === 'returned' || frame.type === 'changed')
      this.#rooms.set(frame.room, frame.info);
    if ('room' in frame && 'seq' in frame) this.#seqs.set(frame.room, frame.seq);
    if (frame.type === 'closed' || frame.type === 'removed') this.#forget(frame.room);
    this.#each((tab) => {
      this.#tell(tab, frame);
    });
  }

  #tell(tab: Tab, frame: Frame): void {
    tab.newcomer = 0;
    if ('room' in frame) {
      if (!tab.hears.has(frame.room)) {
        if (frame.type !== 'joined' && frame.type !== 'returned') return;
        const { room, info, seq, occupants, count } = frame;
        this.#enters(tab, { type: 'joined', ref: 0, room, info, seq, occupants, count });
        return;
      }
      // Entered anew: behind a restart the numbers begin anew, too.
      if (frame.type === 'joined') tab.before.set(frame.room, frame.seq);
      if ('seq' in frame && 'at' in frame && frame.seq <= (tab.before.get(frame.room) ?? -1)) return;
    }
    tab.out.put({ type: 'frame', detail: frame });
  }

  /** Somebody is there who is at one of the tabs, and is not to be disturbed who said so in one. */
  #tellStatus(): void {
    const all = [...this.#tabs].map(({ status }) => status);
    this.#client.setStatus(all.includes('dnd') ? 'dnd' : all.includes('active') ? 'active' : 'away');
  }

  /** Tells all tabs what brings the session back, soon. */
  #keep(): void {
    if (this.#keeping) return;
    this.#keeping = true;
    setTimeout(() => {
      this.#keeping = false;
      const kept = this.#client.keep();
      for (const { out } of this.#tabs) out.put({ type: 'kept', kept });
    }, keptEvery);
  }
}
