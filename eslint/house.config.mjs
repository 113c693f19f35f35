// The rules of this house alone, which need no types: seconds instead of minutes.
import tseslint from 'typescript-eslint';
import house from './house.mjs';

export const houseRules = [
  {
    files: ['{src,test,bench,sdks}/**/*.ts'],
    plugins: { house },
    rules: { 'house/no-literal-spreads': 'error' },
  },
  {
    files: ['src/**/*.ts'],
    plugins: { house },
    rules: { 'house/sql-in-stores': 'error', 'house/repositories-in-services': 'error' },
  },
];

export default [
  { ignores: ['**/node_modules/**', '**/dist/**', '**/*.mjs', '**/*.cjs', '**/*.js'] },
  {
    files: ['**/*.ts'],
    languageOptions: { parser: tseslint.parser },
    // What the whole configuration has directives for is not there.
    linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'off' },
  },
  ...houseRules,
];
