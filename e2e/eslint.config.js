import js from '@eslint/js';
import ts from 'typescript-eslint';

export default ts.config(
  { ignores: ['out/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...ts.configs.strictTypeChecked, ...ts.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'max-lines': ['error', 500],
      'max-lines-per-function': ['error', { max: 70, skipComments: true }],
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.property.name='waitForTimeout']",
          message: 'Wait for the condition, not for a time.',
        },
      ],
      'no-restricted-globals': [
        'error',
        { name: 'setTimeout', message: 'Wait for the condition, not for a time.' },
      ],
    },
  },
  {
    // A file of tests is one call of describe: each test counts by itself.
    files: ['**/*.test.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
);
