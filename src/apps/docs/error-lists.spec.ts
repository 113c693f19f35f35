import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorEntry } from '../../kernel/error-entry.js';
import { errorCatalog } from './error-lists.js';

const SOURCES = fileURLToPath(new URL('../../', import.meta.url));

/** Their errors no client of the API meets: a node's own, of a start or a migration, of a lost hint. */
const OTHER_READERS = [/^agent\//, /^apps\//, /^platform\/database\/\w+\//, /^platform\/queue\//];
/** Files that write an error by hand. This list only shrinks. */
const BY_HAND = [
  'kernel/error-entry.ts',
  // The text names what the list holds; gate.errors.ts and its like say what it means.
  'kernel/registry.ts',
  // The port's own word for "no such key"; callers answer for their resource.
  'drivers/storage/object-store.ts',
  // Signals are best effort: nobody hears of it but the log and the circuit breaker.
  'platform/signal/redis-signal.ts',
];

const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /(?<!\.spec)\.ts$/.test(file),
);
const sourceOf = (file: string) => readFileSync(join(SOURCES, file), 'utf8');
const camelCase = (code: string) =>
  code.replace(/-(.)/g, (_all, first: string) => first.toUpperCase());

describe('the lists of errors', () => {
  const catalog = errorCatalog();

  it('are the only places where an error is written', () => {
    const others = files
      .filter((file) => !OTHER_READERS.some((folder) => folder.test(file)))
      .filter((file) => !BY_HAND.includes(file) && sourceOf(file).includes('new DomainError('));
    expect(others).toEqual([]);
  });

  it('are all in the catalogue', () => {
    const lists = files.filter((file) => file.endsWith('.errors.ts'));
    const codes = lists.flatMap((file) =>
      [...sourceOf(file).matchAll(/\bcode: '([^']+)'/g)].map(([, code]) => code!),
    );
    expect(codes.length).toBeGreaterThan(100);
    expect(codes.sort()).toEqual([...catalog.keys()].sort());
  });

  it('name an entry as its code', () => {
    const entries = files
      .filter((file) => file.endsWith('.errors.ts'))
      .flatMap((file) => [
        ...sourceOf(file).matchAll(/const (\w+) = errorEntry\(\{\s+code: '(.+)'/g),
      ])
      .map(([, name, code]) => [name, code] as const);
    expect(entries.length).toBeGreaterThan(80);
    expect(entries.filter(([name, code]) => name !== camelCase(code!))).toEqual([]);
  });

  it('have codes in kebab-case and meanings in sentences', () => {
    for (const { code, meaning } of catalog.values()) {
      expect(code).toMatch(/^[a-z]+(-[a-z0-9]+)*$/);
      expect([code, meaning]).toEqual([code, expect.stringMatching(/^[A-Z`].+\.$/)]);
    }
  });

  it('have every word of the reader of archives, which nodes have, too', () => {
    const readers = files.filter((file) => file.startsWith('agent/artifacts/'));
    const codes = readers.flatMap((file) =>
      [...sourceOf(file).matchAll(/'(archive-[a-z0-9-]+)'/g)].map(([, code]) => code!),
    );
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.filter((code) => !catalog.has(code))).toEqual([]);
  });

  it('do not have a code twice', () => {
    const boatSunk = errorEntry({ code: 'boat-sunk', kind: 'conflict', meaning: 'It sank.' });
    expect(() => errorCatalog([{ boatSunk }, { again: [boatSunk] }])).toThrow(
      'the error "boat-sunk" is declared twice',
    );
  });
});
