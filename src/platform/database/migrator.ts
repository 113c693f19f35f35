/**
 * Migrations are pairs of SQL files, `<timestamp>-<name>.up.sql` and `.down.sql`, run by TypeORM: one
 * transaction each, remembered in its table. They run as the owner, one migrator at a time. A file that
 * has been released is never edited; the next change is the next file.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { DataSource, type Logger, type MigrationInterface, type QueryRunner } from 'typeorm';
import { DomainError } from '../../kernel/errors.js';
import type { ConnectionOptions } from './connection-options.js';

/** The same in the sources and in the build: both are three folders below the project. */
const defaultFolder = fileURLToPath(new URL('../../../migrations', import.meta.url));
const tableName = 'migrations';
/** Any number that nothing else in this database locks ("tide" in ASCII). */
const lockKey = 0x74696465;

const silent: Logger = {
  logQuery: () => {},
  logQueryError: () => {},
  logQuerySlow: () => {},
  logSchemaBuild: () => {},
  logMigration: () => {},
  log: () => {},
};

export interface MigrationState {
  name: string;
  state: 'applied' | 'pending' | 'unknown';
}

export interface MigratorOptions {
  owner: ConnectionOptions;
  folder?: string;
  log?: (line: string) => void;
}

export class Migrator {
  constructor(private readonly options: MigratorOptions) {}

  /** Applies everything that is pending and returns the names. */
  async up(): Promise<string[]> {
    return this.locked(async (source) => {
      await refuseUnknown(source);
      const done = await source.runMigrations({ transaction: 'each' });
      return done.map((migration) => migration.name);
    });
  }

  /** Takes back the last one and returns its name. */
  async down(): Promise<string | undefined> {
    return this.locked(async (source) => {
      await refuseUnknown(source);
      const last = (await states(source)).filter(({ state }) => state === 'applied').at(-1);
      if (last) await source.undoLastMigration({ transaction: 'each' });
      return last?.name;
    });
  }

  async status(): Promise<MigrationState[]> {
    return this.withSource(states);
  }

  private async locked<T>(work: (source: DataSource) => Promise<T>): Promise<T> {
    const client = new Client(clientOptionsOf(this.options.owner));
    client.on('error', () => {});
    await client.connect();
    try {
      const { rows } = await client.query<{ got: boolean }>(
        'select pg_try_advisory_lock($1) as got',
        [lockKey],
      );
      if (!rows[0]?.got) {
        this.options.log?.('Another migrator is at work: waiting for it …');
        await client.query('select pg_advisory_lock($1)', [lockKey]);
      }
      return await this.withSource(work);
    } finally {
      // Ending the session gives the lock back.
      await client.end();
    }
  }

  private async withSource<T>(work: (source: DataSource) => Promise<T>): Promise<T> {
    const { user, ssl, options, ...server } = clientOptionsOf(this.options.owner);
    const source = new DataSource({
      type: 'postgres',
      ...server,
      username: user,
      ssl,
      extra: { options },
      migrations: await migrationsIn(this.options.folder ?? defaultFolder),
      migrationsTableName: tableName,
      // Errors reach the caller; TypeORM would print them a second time.
      logger: silent,
      installExtensions: false,
      poolSize: 2,
    });
    await source.initialize();
    try {
      return await work(source);
    } finally {
      await source.destroy();
    }
  }
}

function clientOptionsOf(owner: ConnectionOptions) {
  const { role, tls, ...server } = owner;
  return { ...server, ssl: tls ?? false, options: role === undefined ? '' : `-c role=${role}` };
}

type MigrationClass = new () => MigrationInterface;

async function migrationsIn(folder: string): Promise<MigrationClass[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
  const bases = new Set(files.map((file) => file.replace(/\.(up|down)\.sql$/, '')));
  const classes: MigrationClass[] = [];
  for (const base of bases) {
    if (!/^\d{13}-[a-z0-9]+(-[a-z0-9]+)*$/.test(base)) {
      throw broken(`migrations/${base}: name it <13 digits>-<verb-noun>.up.sql and .down.sql.`);
    }
    for (const direction of ['up', 'down']) {
      if (!files.includes(`${base}.${direction}.sql`)) {
        throw broken(`migrations/${base} has no ${direction}.sql: a migration is a pair of files.`);
      }
    }
    classes.push(
      migrationClass(
        base,
        await readFile(join(folder, `${base}.up.sql`), 'utf8'),
        await readFile(join(folder, `${base}.down.sql`), 'utf8'),
      ),
    );
  }
  return classes;
}

function migrationClass(base: string, up: string, down: string): MigrationClass {
  return class implements MigrationInterface {
    name = classNameOf(base);

    async up(runner: QueryRunner): Promise<void> {
      await runner.query(up);
    }

    async down(runner: QueryRunner): Promise<void> {
      await runner.query(down);
    }
  };
}

/** TypeORM reads the order from the last 13 characters of a migration's name. */
function classNameOf(base: string): string {
  const [timestamp = '', ...words] = base.split('-');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('') + timestamp;
}

async function states(source: DataSource): Promise<MigrationState[]> {
  const [found] = await source.query<{ present: boolean }[]>(
    'select to_regclass($1) is not null as present',
    [`public.${tableName}`],
  );
  const applied = found?.present
    ? (await source.query<{ name: string }[]>(`select name from ${tableName} order by id`)).map(
        ({ name }) => name,
      )
    : [];
  const known = source.migrations.map((migration) => migration.name ?? '');
  return [
    ...applied.map((name) => ({
      name,
      state: known.includes(name) ? ('applied' as const) : ('unknown' as const),
    })),
    ...known
      .filter((name) => !applied.includes(name))
      .map((name) => ({ name, state: 'pending' as const })),
  ];
}

async function refuseUnknown(source: DataSource): Promise<void> {
  const unknown = (await states(source)).filter(({ state }) => state === 'unknown');
  if (unknown.length === 0) return;
  throw new DomainError(
    'conflict',
    'database-newer',
    `The database has migrations that this version does not know (${unknown.map(({ name }) => name).join(', ')}): run the newer version.`,
  );
}

function broken(message: string): DomainError {
  return new DomainError('bug', 'migration-files', message);
}
