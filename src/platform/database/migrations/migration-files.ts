/**
 * Migrations are pairs of SQL files, `<timestamp>-<name>.up.sql` and `.down.sql`. A file that has been
 * applied anywhere is never edited: its checksum is kept in the database, and another one is refused.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DomainError } from '../../../kernel/errors.js';

/** The same in the sources and in the build: both are four folders below the project. */
const defaultFolder = fileURLToPath(new URL('../../../../migrations', import.meta.url));

export type Direction = 'up' | 'down';
export const directions: readonly Direction[] = ['up', 'down'];

export interface MigrationFile {
  /** Relative to the project, for whoever has to look at it. */
  readonly path: string;
  readonly sql: string;
  readonly checksum: string;
}

export interface Migration extends Readonly<Record<Direction, MigrationFile>> {
  /** TypeORM's name for it, which is what the database remembers. */
  readonly name: string;
  readonly timestamp: number;
}

/** In the order in which they are applied. */
export async function migrationsIn(folder: string = defaultFolder): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
  const bases = new Set(files.map((file) => file.replace(/\.(up|down)\.sql$/, '')));
  const found: Migration[] = [];
  for (const base of bases) {
    if (!/^\d{13}-[a-z0-9]+(-[a-z0-9]+)*$/.test(base)) {
      throw broken(`migrations/${base}: name it <13 digits>-<verb-noun>.up.sql and .down.sql.`);
    }
    for (const direction of directions) {
      if (!files.includes(`${base}.${direction}.sql`)) {
        throw broken(`migrations/${base} has no ${direction}.sql: a migration is a pair of files.`);
      }
    }
    found.push({
      name: nameOf(base),
      timestamp: Number(base.slice(0, 13)),
      up: await fileAt(folder, `${base}.up.sql`),
      down: await fileAt(folder, `${base}.down.sql`),
    });
  }
  return found;
}

async function fileAt(folder: string, name: string): Promise<MigrationFile> {
  const sql = await readFile(join(folder, name), 'utf8');
  return { path: `migrations/${name}`, sql, checksum: checksumOf(sql) };
}

/** Git may check a file out with other line endings: to PostgreSQL it is the same. */
function checksumOf(sql: string): string {
  return createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex');
}

/** TypeORM reads the order from the last 13 characters of a migration's name. */
function nameOf(base: string): string {
  const [timestamp = '', ...words] = base.split('-');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('') + timestamp;
}

export function timestampOf(name: string): number {
  return Number(name.slice(-13));
}

function broken(message: string): DomainError {
  return new DomainError('bug', 'migration-files', message);
}
