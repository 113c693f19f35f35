import type { ErrorCode } from '../../kernel/error-entry.js';
import { statusOf } from '../../platform/http/error-codes.js';
import { errorCatalog } from './error-lists.js';

/** docs/errors.md: every code that a client can meet, by status. */
export function errorsPage(): string {
  const errors = [...errorCatalog().values()];
  const statuses = [...new Set(errors.map(statusOf))].sort((a, b) => a - b);
  return [
    '# Errors',
    '<!-- Generated from the `<noun>.errors.ts` lists by `npm run docs:generate`. Do not edit. -->',
    'An error is `application/problem+json` (RFC 9457). Decide by `code`: it is stable. Show `detail` to people: it says what to do next. Quote `id` when you ask for help: the log has the request under it.',
    ...statuses.flatMap((status) => [`## ${status}`, ...entriesOf(errors, status)]),
  ]
    .join('\n\n')
    .concat('\n');
}

function entriesOf(errors: readonly ErrorCode[], status: number): string[] {
  return errors
    .filter((error) => statusOf(error) === status)
    .sort((a, b) => (a.code < b.code ? -1 : 1))
    .map((error) => `### ${error.code}\n\nKind \`${error.kind}\`. ${error.meaning}`);
}
