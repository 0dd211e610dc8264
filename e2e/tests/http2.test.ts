import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { launch } from '../harness/chrome.ts';
import { Person } from '../harness/person.ts';
import { Proxy } from '../harness/proxy.ts';
import { user } from '../harness/scene.ts';
import { Server } from '../harness/server.ts';

/** What a browser tells of the handshake of a socket. */
interface Handshake {
  status: number;
  headers: Record<string, string>;
}

describe.each([
  { sockets: 'true', status: 200, connections: 1, connects: true },
  { sockets: 'false', status: 101, connections: 2, connects: false },
])('with sockets over HTTP/2 $sockets', ({ sockets, status, connections, connects }) => {
  let folder: string;
  let proxy: Proxy;
  let server: Server;
  let browser: Browser;
  const people: Person[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'earshot-http2-'));
    proxy = await Proxy.listen();
    server = await Server.start({
      EARSHOT_TLS_DEV: 'true',
      EARSHOT_TLS_HTTP2_SOCKETS: sockets,
      EARSHOT_ORIGINS: proxy.url.replace('http:', 'https:'),
    });
    proxy.lead(server.url);
    await server.createUser(user('ana'));
    await server.createUser(user('ben'));
    await server.run(['room', 'create', 'kitchen']);
    browser = await launch(`--log-net-log=${join(folder, 'net.json')}`, '--net-log-capture-mode=Everything');
  });
  afterEach(async () => {
    proxy.mend();
    for (const person of people.splice(0)) await person.go();
  });
  afterAll(async () => {
    // Here, because the browser writes its log as it goes.
    await browser.close();
    const log = await readFile(join(folder, 'net.json'), 'utf8');
    expect(log.includes(':protocol: websocket')).toBe(connects);
    await server.end();
    await proxy.end();
    await rm(folder, { recursive: true, force: true });
  });

  async function arrive(name: string, through?: Proxy): Promise<[Person, Handshake[]]> {
    const person = await Person.arrive(browser, server, user(name), through ? { through } : {});
    people.push(person);
    const seen: Handshake[] = [];
    const cdp = await person.context.newCDPSession(person.page);
    await cdp.send('Network.enable');
    cdp.on('Network.webSocketHandshakeResponseReceived', ({ response }) => {
      seen.push({ status: response.status, headers: response.headers });
    });
    await person.logIn();
    await person.enter('kitchen');
    return [person, seen];
  }

  test('page, API and socket go the way that they should, compressed', async () => {
    const [ana, handshakes] = await arrive('ana', proxy);
    const [ben] = await arrive('ben');
    await ana.say('hello');
    await ben.hears('hello');
    await ben.say('well '.repeat(500).trim());
    await ana.hears('well '.repeat(500).trim());
    expect(handshakes.map((handshake) => handshake.status)).toEqual([status]);
    const answer = Object.entries(handshakes[0]?.headers ?? {}).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ]);
    const headers = Object.fromEntries(answer) as Record<string, string>;
    expect(headers['sec-websocket-protocol']).toBe('earshot.v1');
    expect(headers['sec-websocket-extensions']).toContain('permessage-deflate');
    expect(headers['upgrade']).toBe(connects ? undefined : 'websocket');
    const ways = await ana.page.evaluate(() =>
      performance
        .getEntries()
        .filter((entry) => entry instanceof PerformanceResourceTiming)
        .map((entry) => entry.nextHopProtocol),
    );
    expect(new Set(ways)).toEqual(new Set(['h2']));
    await expect.poll(() => proxy.connections).toBe(connections);
  });

  test.runIf(connects)('a cut costs nothing', async () => {
    const [ana, handshakes] = await arrive('ana', proxy);
    const [ben] = await arrive('ben');
    const before = await ana.said();
    proxy.cut();
    await ana.disconnected();
    for (const text of ['one', 'two']) await ben.say(text);
    await ana.write('offline');
    proxy.mend();
    await ana.connected();
    await expect.poll(() => ana.said()).toEqual([...before, 'one', 'two', 'offline']);
    await ben.hears('offline');
    // A browser takes the socket over HTTP/2 only along a connection that it has. Whether it has one depends on what comes
    // back first: the socket, or a file that the page asks for meanwhile.
    const [first, second, ...more] = handshakes.map((handshake) => handshake.status);
    expect(first).toBe(status);
    expect([status, 101]).toContain(second);
    expect(more).toEqual([]);
  });

  test.runIf(connects)('who comes back to the page resumes by the same way', async () => {
    const [ana, handshakes] = await arrive('ana', proxy);
    const [ben] = await arrive('ben');
    await ana.page.goto('about:blank');
    await ben.say('missed');
    await ana.visit('/rooms/kitchen');
    await ana.connected();
    await ana.hears('missed');
    expect(handshakes.map((handshake) => handshake.status)).toEqual([status, status]);
  });

  test.runIf(connects)('the page learns why the server closed', async () => {
    const [ana] = await arrive('ana');
    const closed = ana.page.evaluate(
      () =>
        new Promise((done) => {
          const socket = new WebSocket('/ws', 'earshot.v1');
          socket.onclose = ({ code, wasClean }) => {
            done({ code, wasClean });
          };
        }),
    );
    await expect.poll(() => ana.watch.open.length).toBe(2);
    await server.stop();
    expect(await closed).toEqual({ code: 1001, wasClean: true });
    await server.restart();
  });
});
