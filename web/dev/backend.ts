/** What the server would say: the body of an answer by method and path, without what follows a `?`. */
export type Answers = Readonly<Record<string, unknown>>;

/** An answer that refuses, as a problem document. */
export class Problem {
  readonly status: number;
  readonly body: Record<string, unknown>;

  constructor(status: number, code: string, field = '', body: Record<string, unknown> = {}) {
    this.status = status;
    this.body = { code, field, detail: 'The server says why in a sentence.', ...body };
  }
}

/** An answer that never comes. */
export const never = new Promise<never>(() => undefined);

let always: Answers = {};
let here: Answers = {};

/** What the server says wherever nothing else is said. */
export function sayAlways(answers: Answers): void {
  always = answers;
}

/** What the server says from now on, besides. */
export function say(answers: Answers = {}): void {
  here = answers;
}

/** What was asked for and has no answer here, each once: a view that asks for it lacks something. */
export const unanswered = new Set<string>();

/** Has all calls of the REST API answered here. */
export function answerFetch(): void {
  const real = globalThis.fetch;
  globalThis.fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input, location.href);
    if (!url.pathname.startsWith('/api/v1/')) return await real(input, init);
    const key = `${init?.method ?? 'GET'} ${url.pathname.slice('/api/v1'.length)}`;
    const answer = await (key in here ? here[key] : always[key]);
    if (answer instanceof Problem) return Response.json(answer.body, { status: answer.status });
    if (answer === null) return new Response(null, { status: 204 });
    if (answer !== undefined) return Response.json(answer);
    unanswered.add(key);
    return Response.json({ code: 'not_found' }, { status: 404 });
  };
}
