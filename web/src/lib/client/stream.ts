import { Subprotocol } from '../wire.gen';
import type { End, Hello } from '../wire.gen';
import type { Socket } from './link';

/** How many characters of commands go up in one request: few enough for any server's limit, whatever they are. */
const mostAtOnce = 8192;

/** The ref of the command that answers a ping: none of those that are counted up from 1. */
const pongRef = Number.MAX_SAFE_INTEGER;

/**
 * What a socket does, over an event stream down and requests up (docs/protocol.md, "The event stream"): for where
 * WebSockets are blocked. Loaded only then.
 */
export class EventStream implements Socket {
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly #url: string;
  readonly #cut = new AbortController();
  /** What names the session in requests; empty before hello. */
  #session = '';
  readonly #waiting: string[] = [];
  #sending = false;
  /** Why it ended; 1006, as of a socket that was cut, where the server did not say. */
  #code = 1006;
  #over = false;

  constructor(url: string) {
    this.#url = url;
    void this.#listen();
  }

  send(data: string): void {
    this.#waiting.push(data);
    void this.#pump();
  }

  close(code?: number): void {
    if (code === 1000 && this.#session !== '' && !this.#over) {
      const goodbye = { method: 'DELETE', headers: this.#headers(), keepalive: true };
      fetch(this.#url, goodbye).catch(() => {
        // The session then ends by itself, a little later.
      });
    }
    this.#end();
  }

  #headers(): Record<string, string> {
    return { 'earshot-protocol': Subprotocol, 'earshot-session': this.#session };
  }

  async #listen(): Promise<void> {
    try {
      const answer = await fetch(this.#url, {
        headers: { accept: 'text/event-stream', 'earshot-protocol': Subprotocol },
        cache: 'no-store',
        signal: this.#cut.signal,
      });
      // Too many streams, or too much sent: as the socket says it.
      if (answer.status === 409 || answer.status === 429) this.#code = 4100;
      if (answer.ok && answer.body) await this.#read(answer.body);
    } catch {
      // It was cut, by the network or by `close`.
    }
    this.#end();
  }

  async #read(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let line = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.#over) return;
      const lines = value.split('\n');
      lines[0] = line + (lines[0] ?? '');
      line = lines.pop() ?? '';
      // A message has one line of data; ids are for those who have no resume of their own.
      for (const one of lines) if (one.startsWith('data: ')) this.#hear(one.slice('data: '.length));
    }
  }

  #hear(data: string): void {
    if (this.#over) return;
    if (this.#session === '') this.#session = (JSON.parse(data) as Hello).session ?? '';
    if (data.startsWith('{"type":"end"')) {
      this.#code = (JSON.parse(data) as End).code;
      this.#end();
      return;
    }
    // Timers rest in a page that is not looked at; what comes in does not.
    if (data === '{"type":"ping"}') this.send(JSON.stringify({ type: 'ping', ref: pongRef }));
    this.onmessage?.(new MessageEvent('message', { data }));
  }

  /** Sends what waits, one request after the other: so the server carries it out in this order. */
  async #pump(): Promise<void> {
    if (this.#sending || this.#session === '') return;
    this.#sending = true;
    while (this.#waiting.length > 0 && !this.#over) {
      const lines = this.#waiting.splice(0, 1);
      let size = lines[0]?.length ?? 0;
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        size += next.length;
        if (size > mostAtOnce) break;
        lines.push(next);
        this.#waiting.shift();
      }
      const request = {
        method: 'POST',
        headers: this.#headers(),
        body: lines.join('\n'),
        signal: this.#cut.signal,
      };
      const taken = await fetch(this.#url, request).then(
        ({ ok }) => ok,
        () => false,
      );
      // Whether it was carried out is not known: as where a socket breaks off, the session goes on over a new connection.
      if (!taken) this.#end();
    }
    this.#sending = false;
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting.length = 0;
    this.#cut.abort();
    this.onclose?.(new CloseEvent('close', { code: this.#code }));
  }
}
