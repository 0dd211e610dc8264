import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/**
 * A site of its own that has the page of multichat.html and passes WebSockets on to Earshot, as a proxy in front of both
 * does: the page asks the host that it came from, like that of the example.
 */
export class Site {
  /** Where Earshot is. */
  server = '';
  readonly url: string;
  readonly #http: Server;

  private constructor(http: Server) {
    this.#http = http;
    this.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    http.on('upgrade', (asked, browser) => {
      const passed = request(this.server + (asked.url ?? ''), { headers: asked.headers });
      const gone = (): unknown => browser.destroy();
      passed.on('error', gone).on('response', gone);
      passed.on('upgrade', (answer, socket) => {
        const lines = answer.rawHeaders.map((word, at) => word + (at % 2 === 0 ? ': ' : '\r\n'));
        browser.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
        browser.on('error', () => socket.destroy()).on('close', () => socket.destroy());
        socket.on('error', gone).on('close', gone);
        socket.pipe(browser).pipe(socket);
      });
      passed.end();
    });
  }

  static async open(): Promise<Site> {
    const page = readFileSync(join(import.meta.dirname, 'multichat.html'));
    const http = createServer((_, answer) => {
      answer.setHeader('content-type', 'text/html').end(page);
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new Site(http);
  }

  async close(): Promise<void> {
    this.#http.close();
    this.#http.closeAllConnections();
    await once(this.#http, 'close');
  }
}
