import { ifMatchRequired, validationFailed } from './http.errors.js';

/**
 * The version in an If-Match header: `"3"`, or 3. Throws 428 without one: whoever replaces a
 * resource says which state of it they have seen.
 */
export function ifMatchVersion(header: string | undefined): number {
  if (header === undefined || header.trim() === '') {
    throw ifMatchRequired();
  }
  const version = /^\s*(?:W\/)?"?(\d{1,9})"?\s*$/.exec(header)?.[1];
  if (version !== undefined) return Number(version);
  throw validationFailed('If-Match must be one version, such as "3".');
}

/** The ETag of a version. */
export const etagOf = (version: number): string => `"${version}"`;
