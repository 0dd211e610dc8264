import type { Way } from './preferences.svelte';
import { trusted } from './trusted';

/** Where the worker is, that keeps the page's own files. */
const address = '/sw.js';

/**
 * Has the browser keep the page's own files, so that it opens without a network and says so, or no more, as chosen. Browsers
 * do it over HTTPS and on the machine itself.
 */
export async function keepFiles(way: Way<'files'>): Promise<void> {
  // Named as it may be missing: over plain HTTP, and where it is switched off.
  const container = (navigator as Partial<Navigator>).serviceWorker;
  if (!container || !import.meta.env.PROD) return;
  try {
    const [found] = await container.getRegistrations();
    if (way === 'keep') {
      if (found) await found.update();
      else await container.register(trusted(address));
      return;
    }
    await found?.unregister();
    for (const name of await caches.keys()) if (name.startsWith('earshot-')) await caches.delete(name);
  } catch {
    // Without a worker the page is the same, but for where there is no network.
  }
}
