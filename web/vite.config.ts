import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { minifySync } from 'vite';
import { defineConfig } from 'vitest/config';
import { ahead } from './scripts/ahead';
import { fetches } from './scripts/fetching';
import { icons } from './scripts/icons';
import { lean } from './scripts/lean';

import { writePacked } from './scripts/pack.mjs';
import { writeShell } from './scripts/shell.mjs';

// The server that `npm run dev` talks to.
const server = 'http://127.0.0.1:8000';

// The server takes requests of its own origin only; the proxy speaks for the development server.
const proxied = { target: server, changeOrigin: true, headers: { origin: server } };

export default defineConfig({
  plugins: [
    icons,
    svelte(),
    lean,
    fetches,
    svelteTesting(),
    ahead,
    {
      name: 'earshot-shell',
      apply: 'build',
      closeBundle() {
        const dist = join(import.meta.dirname, 'dist');
        // A build that failed says why by itself.
        if (!existsSync(join(dist, 'index.html'))) return;
        // What lies in public/ is copied as it is written.
        const theme = join(dist, 'theme.js');
        writeFileSync(theme, minifySync(theme, readFileSync(theme, 'utf8')).code);
        writeShell(dist);
        writePacked(dist);
      },
    },
  ],
  build: {
    target: 'es2023',
    // The policy lets no script or style into the HTML: every asset is a file of its own.
    assetsInlineLimit: 0,
    // What is loaded later names its own parts. Their addresses would be a kilobyte of the first script, and few of them are
    // new to whoever comes so far; styles are not found in any other way, and a room is not to wait twice.
    modulePreload: {
      polyfill: false,
      resolveDependencies: (of, files) =>
        of.includes('RoomPlace') ? files : files.filter((file) => file.endsWith('.css')),
    },
    rolldownOptions: {
      input: { index: 'index.html', sw: 'worker/sw.ts' },
      output: {
        // A service worker keeps its address, and stands where all that it is for is below it.
        codeSplitting: {
          groups: [
            // What every view needs is one file: apart, each of several is packed worse, and names what it has of the others.
            { name: 'main', test: /src\/main\.ts|preload-helper/ },
            // What of Svelte no view needs that people come by.
            {
              name: 'later',
              priority: 1,
              includeDependenciesRecursively: false,
              test: /svelte\/src\/internal\/client\/dom\/elements\/bindings\/select\.js/,
            },
            // What a room, and what the log-in, shares with parts that come later: where it has to give them something itself,
            // the bundler's own half a kilobyte comes with it.
            {
              name: 'shared-by-room',
              includeDependenciesRecursively: false,
              test: /src\/lib\/(?:i18n\/(?:en\/)?talk|markdown\/talk|naming|ui\/(?:People|Who|words))\b|icons\/arrow-(?:down|left)\./,
            },
            // What dialogs and settings are made of: many small files, and each part that uses one names its style.
            {
              name: 'controls',
              includeDependenciesRecursively: false,
              test: /src\/lib\/(?:ui\/(?:Choice|ConfirmDialog|Dialog|FormDialog|Radios|Switch)|notice\/QuietChoice|moderate\/Term)\.svelte/,
            },
            {
              name: 'forms',
              includeDependenciesRecursively: false,
              test: /src\/lib\/(?:arrival|calls|i18n\/(?:en\/)?entry|ui\/(?:Credentials|Field|form))\b|icons\/eye/,
            },
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
    setupFiles: ['test/setup.ts'],
    restoreMocks: true,
    // What hangs is found by what it waits for (test/patience.ts), and says so first.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
