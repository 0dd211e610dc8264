import { Client } from './client';
import type { Check, Socket } from './link';

/** Whether the server answers, and the log-in holds. */
async function check(): Promise<Check> {
  try {
    const { status } = await fetch('/api/v1/me', {
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(15_000),
    });
    return status === 401 ? 'login' : 'ok';
  } catch {
    return 'unreachable';
  }
}

/** The way for where sockets are blocked; most pages never load it. */
const detour = async (): Promise<() => Socket> => {
  const { EventStream } = await import('./stream');
  return () => new EventStream('/events');
};

/** A client of the server that this page, or thread, is from. */
export function makeClient(): Client {
  const { protocol, host } = location;
  return new Client({ url: `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/ws`, check, detour });
}
