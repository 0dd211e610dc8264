import { svelte } from '@sveltejs/vite-plugin-svelte';
import { join } from 'node:path';
import { defineConfig } from 'vite';

import { icons } from './scripts/icons';

// Components tell which file each of their elements is from: so a test sees that none is missing.
process.env.NODE_ENV = 'development';

/** Builds dev/, every component in every state, into bin/dev of the repository: never into what is released. */
export default defineConfig({
  mode: 'development',
  plugins: [icons, svelte()],
  build: {
    target: 'es2023',
    outDir: join(import.meta.dirname, '../bin/dev'),
    emptyOutDir: true,
    minify: false,
    reportCompressedSize: false,
    rolldownOptions: { input: 'dev/index.html' },
  },
});
