// Keeps the files of the page itself, so that it opens without a network and says so. It answers for nothing else: what the API
// says, what is said in rooms and every other address goes past it, and is in no cache of its.

/** What the build writes here: a name for this build, and the addresses of the files that the page opens with. */
interface Shell {
  version: string;
  files: string[];
}

declare const SHELL: Shell;

const worker = globalThis as unknown as ServiceWorkerGlobalScope;

const prefix = 'earshot-';
const cacheName = prefix + SHELL.version;
/** Which file answers for the pages; they are all the same one. */
const page = '/';

worker.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(cacheName);
      // As the server has them now, whatever the browser has of them.
      await cache.addAll(SHELL.files.map((file) => new Request(file, { cache: 'reload' })));
      await worker.skipWaiting();
    })(),
  );
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith(prefix) && name !== cacheName) await caches.delete(name);
      }
      await worker.clients.claim();
    })(),
  );
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== worker.location.origin) return;
  // A page comes from the server whenever that can be reached: after an upgrade it is the new one.
  if (request.mode === 'navigate') event.respondWith(served(request, page));
  // What has its content in its name is what it was.
  else if (pathname.startsWith('/assets/') && SHELL.files.includes(pathname))
    event.respondWith(kept(request));
  else if (SHELL.files.includes(pathname)) event.respondWith(served(request, pathname));
});

/** From the server or, without a network, the file that was kept. */
async function served(request: Request, file: string): Promise<Response> {
  try {
    return await fetch(request);
  } catch (fault) {
    const found = await match(file);
    if (found) return found;
    throw fault;
  }
}

/** As it was kept or, where the browser has cleared it, from the server. */
async function kept(request: Request): Promise<Response> {
  return (await match(request)) ?? fetch(request);
}

async function match(what: Request | string): Promise<Response | undefined> {
  return await (await caches.open(cacheName)).match(what, { ignoreVary: true });
}
