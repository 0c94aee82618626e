import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import svelteConfig from './svelte.config.js'

const outside = ['fetch', 'document', 'window', 'navigator', 'self', 'Worker', 'localStorage', 'process', 'Buffer']

export default ts.config(
  {
    ignores: ['dist', 'models', 'public', 'coverage', 'test-results', 'playwright-report', 'test/fixtures', '**/.venv']
  },
  js.configs.recommended,
  ...ts.configs.recommendedTypeChecked,
  ...svelte.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: {
      globals: { ...globals.browser, ...globals.node },
      parserOptions: {
        project: ['./tsconfig.json', './tsconfig.worker.json'],
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.svelte']
      }
    },
    rules: {
      'no-undef': 'off',
      // Playwright's fixtures are functions of an object pattern, also of an empty one.
      'no-empty-pattern': ['error', { allowObjectPatternsAsParameters: true }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // The API of a worker is asynchronous whether or not a method waits for something.
      '@typescript-eslint/require-await': 'off'
    }
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } }
  },
  {
    files: ['src/**'],
    rules: { 'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }] }
  },
  {
    // Pure folders: arrays in, arrays out. test/imports.test.ts holds what they may import.
    files: ['src/{onnx,formats,math,direction,spillover}/**'],
    rules: { 'no-restricted-globals': ['error', ...outside] }
  },
  {
    // Matchers of expect and JSON of fixtures are untyped; what they are compared with is not.
    files: ['test/**'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' }
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    ...ts.configs.disableTypeChecked
  }
)
