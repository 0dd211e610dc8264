/** What of Trusted Types is used; TypeScript does not know them yet. */
interface Types {
  createPolicy: (
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ) => { createScriptURL: (url: string) => string };
}

/** The addresses that a thread of the page may run: those of its own two. */
const own = /^\/(?:sw\.js|assets\/shared-[\w-]+\.js|src\/lib\/client\/shared\.ts\b.*)$/;

// It can be made once.
const policy = (globalThis as { trustedTypes?: Types }).trustedTypes?.createPolicy('earshot-worker', {
  createScriptURL: (url) => {
    if (!own.test(url)) throw new TypeError('This is no script of the page.');
    return url;
  },
});

/** An address as one that the browser may run as a thread. */
export const trusted = (url: string): string => policy?.createScriptURL(url) ?? url;
