import { createHash, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the provider says of somebody. */
export interface Claims {
  sub: string;
  preferred_username: string;
  name: string;
  email: string;
  email_verified: boolean;
  groups: string[];
}

interface Grant {
  nonce: string;
  challenge: string;
  redirect: string;
}

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

async function bodyOf(asked: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of asked) chunks.push(chunk as Buffer);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

/** A provider of OpenID Connect on this machine, with a page of its own on which one person agrees or does not. */
export class Provider {
  /** Who is logged in there. */
  person: Claims;
  readonly #http: Server;
  readonly #key: KeyObject;
  readonly #public: KeyObject;
  readonly #codes = new Map<string, Grant>();

  private constructor(person: Claims) {
    this.person = person;
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    [this.#key, this.#public] = [privateKey, publicKey];
    this.#http = createServer((asked, answer) => {
      this.#answer(asked, answer).catch((error: unknown) => answer.writeHead(500).end(String(error)));
    });
  }

  static async open(person: Claims): Promise<Provider> {
    const provider = new Provider(person);
    provider.#http.listen(0, '127.0.0.1');
    await once(provider.#http, 'listening');
    return provider;
  }

  async close(): Promise<void> {
    this.#http.close();
    this.#http.closeAllConnections();
    await once(this.#http, 'close');
  }

  /** By another name than the server's, so that the browser takes it for another site. */
  get issuer(): string {
    return `http://localhost:${(this.#http.address() as AddressInfo).port}`;
  }

  /** The settings of a server that lets people in by it. */
  get settings(): Record<string, string> {
    return {
      EARSHOT_OIDC_ISSUER: this.issuer,
      EARSHOT_OIDC_CLIENT_ID: 'earshot',
      EARSHOT_OIDC_CLIENT_SECRET: 'hush',
      EARSHOT_OIDC_LABEL: 'Example ID',
      EARSHOT_OIDC_SIGN_UP: 'create',
      EARSHOT_OIDC_GROUPS_CLAIM: 'groups',
      EARSHOT_OIDC_STAFF: 'crew',
      EARSHOT_OIDC_LOG_OUT: 'true',
    };
  }

  async #answer(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(asked.url ?? '/', this.issuer);
    switch (pathname) {
      case '/.well-known/openid-configuration':
        this.#describe(answer);
        return;
      case '/keys':
        json(answer, {
          keys: [{ ...this.#public.export({ format: 'jwk' }), kid: '1', alg: 'RS256', use: 'sig' }],
        });
        return;
      case '/authorize':
        answer.setHeader('content-type', 'text/html; charset=utf-8');
        answer.end(`<!doctype html><title>Example ID</title><h1>Example ID</h1>
          <form method="post" action="/agree?${searchParams.toString().replaceAll('&', '&amp;')}">
          <button>Go on as ${this.person.name.replaceAll('<', '&lt;')}</button><button name="no" value="1">Not now</button></form>`);
        return;
      case '/agree':
        this.#agree(searchParams, await bodyOf(asked), answer);
        return;
      case '/end':
        answer.setHeader('content-type', 'text/html; charset=utf-8');
        answer.end(`<!doctype html><title>Example ID</title><h1>Example ID</h1><p>Log out ${
          searchParams.has('id_token_hint') ? this.person.name : 'somebody'
        }?</p><form method="post" action="/ended?${searchParams.toString().replaceAll('&', '&amp;')}">
          <button>Log out here, too</button></form>`);
        return;
      case '/ended':
        this.#end(searchParams, answer);
        return;
      case '/token':
        this.#redeem(await bodyOf(asked), asked.headers.authorization ?? '', answer);
        return;
    }
    answer.writeHead(404).end();
  }

  #describe(answer: ServerResponse): void {
    json(answer, {
      issuer: this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/token`,
      jwks_uri: `${this.issuer}/keys`,
      end_session_endpoint: `${this.issuer}/end`,
      id_token_signing_alg_values_supported: ['RS256'],
    });
  }

  #agree(query: URLSearchParams, form: URLSearchParams, answer: ServerResponse): void {
    const back = new URL(query.get('redirect_uri') ?? '');
    back.searchParams.set('state', query.get('state') ?? '');
    if (form.has('no')) {
      back.searchParams.set('error', 'access_denied');
    } else {
      const code = randomUUID();
      this.#codes.set(code, {
        nonce: query.get('nonce') ?? '',
        challenge: query.get('code_challenge') ?? '',
        redirect: query.get('redirect_uri') ?? '',
      });
      back.searchParams.set('code', code);
    }
    answer.writeHead(302, { location: back.href }).end();
  }

  /** Sends the browser back, as section 3 of RP-Initiated Logout wants. */
  #end(query: URLSearchParams, answer: ServerResponse): void {
    const back = new URL(query.get('post_logout_redirect_uri') ?? '');
    back.searchParams.set('state', query.get('state') ?? '');
    answer.writeHead(302, { location: back.href }).end();
  }

  #redeem(form: URLSearchParams, authorization: string, answer: ServerResponse): void {
    const code = form.get('code') ?? '';
    const grant = this.#codes.get(code);
    this.#codes.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const known = `Basic ${Buffer.from('earshot:hush').toString('base64')}`;
    if (
      grant?.challenge !== challenge ||
      grant.redirect !== form.get('redirect_uri') ||
      authorization !== known
    ) {
      json(answer, { error: 'invalid_grant' }, 400);
      return;
    }
    const now = Math.floor(Date.now() / 1000);
    const said = `${base64({ alg: 'RS256', kid: '1' })}.${base64({
      iss: this.issuer,
      aud: 'earshot',
      nonce: grant.nonce,
      iat: now,
      exp: now + 60,
      ...this.person,
    })}`;
    const signature = sign('sha256', Buffer.from(said), this.#key).toString('base64url');
    json(answer, { access_token: 'x', token_type: 'Bearer', id_token: `${said}.${signature}` });
  }
}

function json(answer: ServerResponse, value: object, status = 200): void {
  answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
