import type { Plugin } from 'vite';

/**
 * Loads a part of the page with the files that it needs, all at the same time; null of these where it needs none. A file that
 * did not come is asked for again with the next try. Vite's own does it one after the other, and for more browsers and policies
 * than there are here, in twice as much script.
 */
const fetching = `
const asked = {};
const ask = (file) => asked[file] ??= new Promise((done, fail) => {
  if (document.querySelector('link[rel=stylesheet][href="/' + file + '"]')) return done();
  const link = document.createElement('link');
  link.rel = file.endsWith('.css') ? 'stylesheet' : 'modulepreload';
  link.href = '/' + file;
  link.onload = done;
  link.onerror = () => {
    link.remove();
    delete asked[file];
    fail(Error(file));
  };
  document.head.append(link);
});
export const __vitePreload = (load, files = []) => Promise.all([load(), ...files.map(ask)]).then(([part]) => part);
`;

/** Puts it in the place of Vite's. */
export const fetches: Plugin = {
  name: 'fetches',
  apply: 'build',
  load: {
    order: 'pre',
    handler: (id) => (id === '\0vite/preload-helper.js' ? fetching : null),
  },
};
