import { DomainError } from '../../kernel/errors.js';

/**
 * The version in an If-Match header: `"3"`, or 3. Throws 428 without one: whoever replaces a
 * resource says which state of it they have seen.
 */
export function ifMatchVersion(header: string | undefined): number {
  if (header === undefined || header.trim() === '') {
    throw new DomainError(
      'precondition-required',
      'if-match-required',
      'Send If-Match with the version that you have read, such as If-Match: "3".',
    );
  }
  const version = /^\s*(?:W\/)?"?(\d{1,9})"?\s*$/.exec(header)?.[1];
  if (version !== undefined) return Number(version);
  throw new DomainError(
    'invalid',
    'validation-failed',
    'If-Match must be one version, such as "3".',
  );
}

/** The ETag of a version. */
export const etagOf = (version: number): string => `"${version}"`;

/** Somebody else was faster. */
export function versionMismatch(present: number): DomainError {
  return new DomainError(
    'precondition',
    'version-mismatch',
    `It has been changed in the meantime and is at version ${present} now. Read it again and repeat your change.`,
    { details: { version: present } },
  );
}
