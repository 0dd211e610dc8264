import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, resolve } from 'node:path';

const types: Record<string, string> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

/** A site of its own that has the page of every component in every state, as `make e2e` built it: web/dev. */
export class Parts {
  static readonly folder = resolve(import.meta.dirname, '../../bin/dev');
  readonly url: string;
  readonly #http: Server;

  private constructor(http: Server) {
    this.#http = http;
    // By a name, because passkeys belong to one.
    this.url = `http://localhost:${(http.address() as AddressInfo).port}`;
  }

  static async open(): Promise<Parts> {
    if (!existsSync(join(this.folder, 'dev/index.html')))
      throw new Error(`${this.folder} is not there: run "make e2e", or "npm run --workspace web build-dev".`);
    const http = createServer((asked, answer) => {
      const path = new URL(asked.url ?? '/', 'http://localhost').pathname;
      // Where the page believes itself to be is no file.
      const file = extname(path) === '' ? '/dev/index.html' : path;
      readFile(join(this.folder, file)).then(
        (content) => answer.setHeader('content-type', types[extname(file)] ?? 'text/plain').end(content),
        () => answer.writeHead(404).end(),
      );
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new Parts(http);
  }

  async close(): Promise<void> {
    this.#http.close();
    this.#http.closeAllConnections();
    await once(this.#http, 'close');
  }
}
