// A client made of Node's ws: node client.js URL ROAD NAME PASSWORD ROOM, with the server's certificate in the file that
// CA names. It ends with 0 and a line that tells what was negotiated, or with what went wrong.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { argv, env, stdout } from 'node:process';
import { text as readAll } from 'node:stream/consumers';

import WebSocket from 'ws';

const [url = '', road = '', name = '', password = '', room = ''] = argv.slice(2);
const ca = env['CA'] === undefined ? undefined : readFileSync(env['CA']);

/** Logs in, and gives the cookie as it is to be sent. */
async function logIn() {
  const call = (url.startsWith('https:') ? secure : plain)(`${url}/api/v1/login`, {
    method: 'POST',
    ca,
    headers: { 'content-type': 'application/json' },
  });
  call.end(JSON.stringify({ username: name, password }));
  /** @type {[import('node:http').IncomingMessage]} */
  const [answer] = /** @type {any} */ (await once(call, 'response'));
  const body = await readAll(answer);
  assert.equal(answer.statusCode, 200, body);
  return (answer.headers['set-cookie'] ?? []).map((c) => c.split(';')[0]).join('; ');
}

/** A socket whose messages are awaited one after another. */
class Wire {
  /** @type {any[]} */
  #messages = [];
  #more = () => {};

  /** @param {string} path @param {string[]} protocols @param {string} cookie @param {boolean} compress */
  constructor(path, protocols, cookie, compress) {
    this.socket = new WebSocket(url.replace('http', 'ws') + path, protocols, {
      ca,
      headers: { cookie },
      perMessageDeflate: compress,
    });
    this.socket.on('message', (data, binary) => {
      assert(!binary);
      this.#messages.push(JSON.parse(data.toString()));
      this.#more();
    });
  }

  /** @param {object} command */
  send(command) {
    this.socket.send(JSON.stringify(command));
  }

  /** Skips to a message with these fields, and gives it. @param {Record<string, unknown>} fields */
  async until(fields) {
    for (;;) {
      const message = this.#messages.shift();
      if (message === undefined) {
        await new Promise((/** @type {(v?: unknown) => void} */ done) => (this.#more = done));
      } else if (Object.entries(fields).every(([key, value]) => message[key] === value)) {
        return message;
      } else if (message.type === 'error' || message.error !== undefined) {
        assert.fail(`refused: ${JSON.stringify(message)}`);
      }
    }
  }

  async pingAndClose() {
    this.socket.ping('are you there?');
    const [pong] = await once(this.socket, 'pong');
    assert.equal(pong.toString(), 'are you there?');
    this.socket.close(1000, 'bye');
    const [code] = await once(this.socket, 'close');
    assert.equal(code, 1000);
  }
}

const text = `hello from node, ${'as long as compression asks for. '.repeat(60)}`;
const answer = 'heard hello from node';

/** @param {string} cookie @param {boolean} compress */
async function earshot(cookie, compress) {
  const wire = new Wire('/ws', ['earshot.v1'], cookie, compress);
  const hello = await wire.until({ type: 'hello' });
  assert.equal(hello.user.name, name);
  wire.send({ type: 'join', ref: 1, room: Number(room) });
  await wire.until({ type: 'joined', ref: 1 });
  wire.send({ type: 'post', ref: 2, room: Number(room), nonce: 'n1', text });
  // The acknowledgement comes before or behind one's own message, and behind the answer to that, too.
  /** @type {any} */
  const got = {};
  while (Object.keys(got).length < 3) {
    const one = await wire.until({});
    if (one.nonce === 'n1') got[one.type] = one;
    else if (one.text === answer) got.answer = one;
    else assert.notEqual(one.type, 'error');
  }
  assert.equal(got.posted.heard, 1);
  assert.equal(got.message.text, text);
  assert.equal(got.answer.user.name, 'ana');
  wire.send({ type: 'ping', ref: 3 });
  await wire.until({ type: 'ok', ref: 3 });
  const { extensions } = wire.socket;
  await wire.pingAndClose();
  return extensions;
}

/** @param {string} cookie */
async function multichat(cookie) {
  const wire = new Wire('/chat/stream/', [], cookie, true);
  await once(wire.socket, 'open');
  wire.send({ command: 'join', room });
  await wire.until({ join: room });
  wire.send({ command: 'send', room, message: text });
  await wire.until({ msg_type: 0, room, username: name, message: text });
  await wire.until({ msg_type: 0, room, username: 'ana', message: answer });
  wire.send({ command: 'leave', room });
  await wire.until({ leave: room });
  const { extensions } = wire.socket;
  await wire.pingAndClose();
  return extensions;
}

const cookie = await logIn();
stdout.write(
  `ok ${road === 'multichat' ? await multichat(cookie) : await earshot(cookie, road === 'deflate')}\n`,
);
