import { afterEach, describe, expect, test, vi } from 'vitest';
import { api, ApiError } from '../src/lib/api';
import { calls } from '../src/lib/calls';

afterEach(() => void vi.unstubAllGlobals());

function answer(response: Response | Error) {
  const fetch = vi.fn<(url: string, init: RequestInit) => Promise<Response>>(() =>
    response instanceof Error ? Promise.reject(response) : Promise.resolve(response),
  );
  vi.stubGlobal('fetch', fetch);
  return fetch;
}

const problem = (status: number, body: object, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });

test('sends JSON to the same origin', async () => {
  const fetch = answer(Response.json({ id: 1 }));
  await calls.logIn('ana', 'secret');
  const [url, init] = fetch.mock.calls[0] ?? [];
  expect(url).toBe('/api/v1/login');
  expect(init).toMatchObject({
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json' },
    body: '{"username":"ana","password":"secret"}',
  });
});

test('an invitation is sent only where there is one', async () => {
  const fetch = answer(Response.json({ id: 1 }));
  await calls.signUp('ana', 'secret', '');
  expect(fetch.mock.calls[0]?.[1].body).toBe('{"username":"ana","password":"secret"}');
});

test('names in addresses are escaped', async () => {
  const fetch = answer(new Response(null, { status: 204 }));
  await calls.addMember(5, 'a+b@c/d?é');
  expect(fetch.mock.calls[0]?.[0]).toBe('/api/v1/rooms/5/members/a%2Bb%40c%2Fd%3F%C3%A9');
});

describe('failures', () => {
  const fault = async (response: Response | Error): Promise<ApiError> => {
    answer(response);
    const error: unknown = await api.me().catch((caught: unknown) => caught);
    if (!(error instanceof ApiError)) throw new Error('no ApiError');
    return error;
  };

  test('a problem document gives code, field and sentence', async () => {
    const error = await fault(
      problem(422, { code: 'invalid', field: 'username', detail: 'A username is needed.' }),
    );
    expect(error).toMatchObject({
      status: 422,
      code: 'invalid',
      field: 'username',
      message: 'A username is needed.',
    });
  });

  test.each([
    ['no network', new TypeError('failed'), { status: 0, code: 'unreachable' }],
    ['a proxy’s page', new Response('<html>', { status: 502 }), { status: 502, code: 'internal' }],
    ['a list', new Response('[]', { status: 500 }), { status: 500, code: 'internal' }],
    ['no body', new Response(null, { status: 401 }), { status: 401, code: 'unauthenticated' }],
    ['odd types', problem(400, { code: 5, detail: {}, field: [] }), { status: 400, field: '' }],
  ] as const)('%s', async (_, response, expected) => {
    const error = await fault(response);
    expect(error).toMatchObject(expected);
    expect(error.message).toMatch(/\.$/);
  });

  test('too often says how long to wait', async () => {
    const error = await fault(
      problem(429, { code: 'rate_limited', detail: 'Too many.' }, { 'retry-after': '12' }),
    );
    expect(error.message).toBe('Too many. Try again in 12 s.');
  });

  test('an answer that is no JSON', async () => {
    expect((await fault(new Response('<html>'))).code).toBe('malformed');
  });
});
