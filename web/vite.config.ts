import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

import { writeShell } from './scripts/shell.mjs';

// The server that `npm run dev` talks to.
const server = 'http://127.0.0.1:8000';

// The server takes requests of its own origin only; the proxy speaks for the development server.
const proxied = { target: server, changeOrigin: true, headers: { origin: server } };

export default defineConfig({
  plugins: [
    svelte(),
    svelteTesting(),
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
        entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
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
