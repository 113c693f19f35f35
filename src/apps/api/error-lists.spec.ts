import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorCatalog } from '../../platform/http/error-codes.js';
import { httpErrors } from '../../platform/http/http.errors.js';
import { errorLists } from './error-lists.js';

const SOURCES = fileURLToPath(new URL('../../', import.meta.url));

/** Errors that no client of the API meets: a node's own, of a start or a migration, of a lost hint. */
const OTHER_READERS = [/^agent\//, /^apps\//, /^platform\/database\//, /^platform\/queue\//];
/** `<kind> <code>` that is caught before it gets out, or is being settled. This list only shrinks. */
const EXCEPTIONS = [
  // The port's own word for "no such key"; callers answer for their resource.
  'not-found object-not-found',
  // 422 when a release is pushed, 409 when one is deployed whose signature no longer fits.
  'conflict signature-invalid',
  // Signals are best effort: nobody hears of it but the log and the circuit breaker.
  'unavailable signal-unavailable',
];

interface Thrown {
  readonly file: string;
  readonly kind: string;
  readonly code: string;
}

function thrownErrors(): Thrown[] {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /(?<!\.spec)\.ts$/.test(file) && !OTHER_READERS.some((folder) => folder.test(file)),
  );
  return files.flatMap((file) => {
    const source = readFileSync(join(SOURCES, file), 'utf8');
    const pattern = /new DomainError\(\s*'([a-z-]+)',\s*'([a-z-]+)'/g;
    return [...source.matchAll(pattern)].map(([, kind, code]) => ({
      file,
      kind: kind!,
      code: code!,
    }));
  });
}

describe('the lists of errors', () => {
  const catalog = errorCatalog([httpErrors, ...errorLists]);

  it('declare every error that the code throws, with its kind', () => {
    const thrown = thrownErrors();
    expect(thrown.length).toBeGreaterThan(50);
    const undeclared = thrown
      .filter(({ kind }) => kind !== 'bug')
      .filter(({ kind, code }) => catalog.get(code)?.kind !== kind)
      .filter(({ kind, code }) => !EXCEPTIONS.includes(`${kind} ${code}`))
      .map(({ file, kind, code }) => `${file}: ${kind} ${code}`);
    expect(undeclared).toEqual([]);
  });

  it('have codes in kebab-case and meanings in sentences', () => {
    for (const { code, meaning } of catalog.values()) {
      expect(code).toMatch(/^[a-z]+(-[a-z0-9]+)*$/);
      expect([code, meaning]).toEqual([code, expect.stringMatching(/^[A-Z`].+\.$/)]);
    }
  });
});
