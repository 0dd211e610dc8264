import { trusted } from '../trusted';
import type { Way } from './remote';
import address from './shared?sharedworker&url';

/** How long, in milliseconds, a thread may take until it is ready; then the page does without. */
const patience = 5000;

/** A line to the client that all tabs of this browser share in which this user is logged in; without a thread, to one of its own. */
export async function open(user: number): Promise<Way> {
  try {
    return await share(user);
  } catch {
    return (await import('./alone')).alone();
  }
}

async function share(user: number): Promise<Way> {
  // Over plain HTTP there are no locks, and nobody would know which tabs are still there.
  if (!('SharedWorker' in globalThis) || !('locks' in navigator))
    throw new Error('There are no shared threads.');
  const worker = new SharedWorker(trusted(address), { name: `earshot-${user}`, type: 'module' });
  const { port } = worker;
  const lock = `earshot-tab-${crypto.randomUUID()}`;
  // Held until the page is gone.
  await new Promise<void>((held) => {
    void navigator.locks.request(lock, () => {
      held();
      return new Promise(() => undefined);
    });
  });
  await new Promise<void>((ready, fail) => {
    const timer = setTimeout(() => {
      fail(new Error('The shared thread does not answer.'));
    }, patience);
    worker.onerror = () => {
      clearTimeout(timer);
      fail(new Error('The shared thread does not run.'));
    };
    port.onmessage = () => {
      clearTimeout(timer);
      ready();
    };
    port.postMessage(lock);
  });
  return Object.assign(port, { gone: navigator.locks.request(`${lock}!`, () => Promise.resolve()) });
}
