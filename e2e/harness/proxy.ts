import { createServer, connect, type AddressInfo, type Server as Listener, type Socket } from 'node:net';

/** Which way bytes go: to the server, or from it. */
type Way = 'up' | 'down';

interface Pair {
  client: Socket;
  server: Socket;
}

/** What asks for a WebSocket, as a proxy that knows none leaves it out. */
const upgrade = /^(upgrade: websocket|connection: upgrade)\r\n/gim;

/** A network between a browser and the server that a test can cut, hold up and mend. It knows bytes only. */
export class Proxy {
  readonly #listener: Listener;
  readonly #pairs = new Set<Pair>();
  #target = 0;
  #scheme = 'http:';
  #cut = false;
  #held = new Set<Way>();
  #socketless = false;

  private constructor(listener: Listener) {
    this.#listener = listener;
    listener.on('connection', (client) => {
      this.#accept(client);
    });
  }

  /** Listens on a free port; `lead` says where to. */
  static async listen(): Promise<Proxy> {
    const listener = createServer({ allowHalfOpen: true });
    await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done));
    return new Proxy(listener);
  }

  /** Where browsers find the server through this network. */
  get url(): string {
    return `${this.#scheme}//127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  /** Leads to the server with this address. */
  lead(url: string): void {
    this.#target = Number(new URL(url).port);
    this.#scheme = new URL(url).protocol;
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Ends all connections and takes no new ones. */
  cut(): void {
    this.#cut = true;
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Lets no byte through one way or both, and tells nobody: as a network does that one walked out of. */
  hold(...ways: Way[]): void {
    this.#held = new Set(ways);
    for (const pair of this.#pairs) this.#apply(pair);
  }

  /** Lets no WebSocket through from now on, as a proxy that does not know them: it takes the upgrade off the request. */
  refuseSockets(): void {
    this.#socketless = true;
  }

  /** All is well again. What was held up goes on, what was cut stays cut. */
  mend(): void {
    this.#cut = false;
    this.hold();
  }

  async end(): Promise<void> {
    this.cut();
    await new Promise((done) => this.#listener.close(done));
  }

  #accept(client: Socket): void {
    if (this.#cut) {
      client.resetAndDestroy();
      return;
    }
    const pair = { client, server: connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true }) };
    this.#pairs.add(pair);
    const { server } = pair;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('data', (chunk: Buffer) => {
        // A browser asks for a WebSocket with the first bytes of a connection of its own.
        const asks = this.#socketless && from === client && chunk.subarray(0, 8).toString() === 'GET /ws ';
        to.write(asks ? chunk.toString('latin1').replaceAll(upgrade, '') : chunk, 'latin1');
      });
      from.on('end', () => to.end());
      from.on('error', () => {
        // Its close follows.
      });
      from.on('close', () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
    }
    this.#apply(pair);
  }

  #apply({ client, server }: Pair): void {
    if (this.#held.has('up')) client.pause();
    else client.resume();
    if (this.#held.has('down')) server.pause();
    else server.resume();
  }
}
