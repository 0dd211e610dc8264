import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

import svelteConfig from './svelte.config.js';

export default ts.config(
  // wire.gen.ts is made from the Go types; whoever makes it looks after it.
  { ignores: ['dist/', 'node_modules/', 'src/lib/wire.gen.ts'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.svelte', '**/*.svelte.ts'],
    extends: [...ts.configs.strictTypeChecked, ...ts.configs.stylisticTypeChecked],
    languageOptions: {
      globals: globals.browser,
      parserOptions: {
        project: ['./tsconfig.json', './tsconfig.node.json', './tsconfig.worker.json'],
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.svelte'],
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  ...svelte.configs.recommended,
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: {
      // Props are taken with let, as everywhere in Svelte; the rule of its own knows that.
      'prefer-const': 'off',
      'svelte/prefer-const': ['error', { excludedRunes: ['$props', '$derived'] }],
      // What is said is text to the browser, whatever it holds.
      'svelte/no-at-html-tags': 'error',
      // A style written into a template is blocked by the Content-Security-Policy; style: directives go through the
      // CSSOM and are not.
      'no-restricted-syntax': [
        'error',
        {
          selector: "SvelteAttribute[key.name='style']",
          message: 'The policy blocks style attributes: use style: or a class.',
        },
      ],
      'svelte/no-dom-manipulating': 'error',
      'svelte/button-has-type': 'error',
      // SvelteKit's router is not here; src/lib/router.svelte.ts is.
      'svelte/no-navigation-without-resolve': 'off',
    },
  },
  { files: ['public/*.js'], languageOptions: { globals: globals.browser, sourceType: 'script' } },
  { files: ['scripts/*.mjs', '*.js'], languageOptions: { globals: globals.node } },
);
