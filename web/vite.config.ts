import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import type { Plugin } from 'vite';
import { icons } from './scripts/icons';

import { writeShell } from './scripts/shell.mjs';

// The server that `npm run dev` talks to.
const server = 'http://127.0.0.1:8000';

// The server takes requests of its own origin only; the proxy speaks for the development server.
const proxied = { target: server, changeOrigin: true, headers: { origin: server } };

/** What is loaded later, although most who come for the first time need it at once. */
const ahead = ['LogIn'];

/** Has index.html name these parts, with their styles: the browser fetches them beside the first script, and not after it. */
const preloads: Plugin = {
  name: 'preloads',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler(html, { bundle = {} }) {
      const files = new Set<string>();
      const take = (name: string): void => {
        const chunk = bundle[name];
        if (chunk?.type !== 'chunk' || files.has(name)) return;
        files.add(name);
        for (const style of chunk.viteMetadata?.importedCss ?? []) files.add(style);
        for (const other of chunk.imports) take(other);
      };
      for (const chunk of Object.values(bundle)) {
        if (chunk.type === 'chunk' && chunk.isDynamicEntry && ahead.includes(chunk.name))
          take(chunk.fileName);
      }
      return [...files]
        .filter((name) => !html.includes(name))
        .map((name) => ({
          tag: 'link',
          injectTo: 'head',
          attrs: name.endsWith('.css')
            ? { rel: 'preload', as: 'style', crossorigin: '', href: `/${name}` }
            : { rel: 'modulepreload', crossorigin: '', href: `/${name}` },
        }));
    },
  },
};

export default defineConfig({
  plugins: [
    icons,
    svelte(),
    svelteTesting(),
    preloads,
    {
      name: 'earshot-shell',
      apply: 'build',
      closeBundle() {
        writeShell(join(import.meta.dirname, 'dist'));
      },
    },
  ],
  build: {
    target: 'es2023',
    // The policy lets no script or style into the HTML: every asset is a file of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: 'index.html', sw: 'worker/sw.ts' },
      output: {
        // A service worker keeps its address, and stands where all that it is for is below it.
        // What every view needs is packed together: apart, each of the small ones is packed worse.
        codeSplitting: {
          groups: [
            { name: 'base', test: /src\/lib\/(?:i18n\/(?:en\/)?(?:common|sentence|language)|text|time)\b/ },
          ],
        },
        entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  // Threads import what is needed rarely, as the page does.
  worker: { format: 'es' },
  server: {
    proxy: {
      '/api': proxied,
      '/healthz': proxied,
      '/events': proxied,
      '/ws': { ...proxied, ws: true },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['test/**/*.test.ts'],
    restoreMocks: true,
  },
});
