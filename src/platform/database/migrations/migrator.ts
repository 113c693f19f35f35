/**
 * Runs migrations by TypeORM: one transaction each, remembered in its table. They run as the owner, one
 * migrator at a time, and only on a database that these very files have made.
 */
import { Client } from 'pg';
import { DataSource, type Logger, type MigrationInterface, type QueryRunner } from 'typeorm';
import { DomainError, messageOf } from '../../../kernel/errors.js';
import type { ConnectionOptions } from '../connection-options.js';
import {
  type MigrationState,
  refuseForeign,
  refuseForeignToReader,
  statesOf,
} from './check-record.js';
import { type Loss, lossesOf } from './losses.js';
import { type Migration, migrationsIn } from './migration-files.js';
import {
  appliedIn,
  type Ask,
  ensureChecksums,
  forgetChecksums,
  namesTable,
  recordChecksums,
} from './migration-record.js';
import { asking } from './rolled-back.js';
import { inWords } from './schema-shape.js';
import { differencesToFiles, settleUnchecked } from './settle-unchecked.js';

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

export interface MigratorOptions {
  owner: ConnectionOptions;
  folder?: string;
  log?: (line: string) => void;
}

export class Migrator {
  constructor(private readonly options: MigratorOptions) {}

  /** Applies everything that is pending and returns the names. */
  async up(): Promise<string[]> {
    return this.locked(async (_client, files) => {
      const done = await this.withSource(files, (source) =>
        source.runMigrations({ transaction: 'each' }),
      );
      return done.map((migration) => migration.name);
    });
  }

  /** Takes back the last one and returns its name, unless whoever is asked does not agree. */
  async down(
    agrees?: (name: string, losses: readonly Loss[]) => Promise<boolean>,
  ): Promise<string | undefined> {
    return this.locked(async (client, files) => {
      const last = (await appliedIn(asking(client))).at(-1);
      const file = files.find(({ name }) => name === last?.name);
      if (!file) return undefined;
      if (agrees && !(await agrees(file.name, await lossesOf(client, file)))) return undefined;
      await this.withSource(files, (source) => source.undoLastMigration({ transaction: 'each' }));
      return file.name;
    });
  }

  /** Asks for no more than the application's role may read. */
  async status(): Promise<MigrationState[]> {
    const files = await migrationsIn(this.options.folder);
    return this.withClient(async (client) => statesOf(files, await appliedIn(asking(client))));
  }

  /** In a database from before checksums, everything that is not as these files make it. */
  async differences(): Promise<string[]> {
    const files = await migrationsIn(this.options.folder);
    return this.withClient(async (client) => {
      const applied = await appliedIn(asking(client));
      const isKnown = applied.every(({ name }) => files.some((file) => file.name === name));
      if (!isKnown || applied.every(({ up }) => up !== null)) return [];
      return (await differencesToFiles(client, files, applied)).map(inWords);
    });
  }

  /** For a process that only reads the schema: throws unless these files have made it. */
  async refuseForeign(): Promise<void> {
    const files = await migrationsIn(this.options.folder);
    await this.withClient(async (client) =>
      refuseForeignToReader(files, await appliedIn(asking(client))),
    );
  }

  private async locked<T>(
    work: (client: Client, files: readonly Migration[]) => Promise<T>,
  ): Promise<T> {
    const files = await migrationsIn(this.options.folder);
    return this.withClient(async (client) => {
      const { rows } = await client.query<{ got: boolean }>(
        'select pg_try_advisory_lock($1) as got',
        [lockKey],
      );
      if (!rows[0]?.got) {
        this.options.log?.('Another migrator is at work: waiting for it …');
        await client.query('select pg_advisory_lock($1)', [lockKey]);
      }
      const applied = await appliedIn(asking(client));
      refuseForeign(files, applied);
      await ensureChecksums(asking(client));
      await settleUnchecked(client, files, applied);
      return work(client, files);
    });
  }

  /** Ending the session gives a lock back. */
  private async withClient<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client(clientOptionsOf(this.options.owner));
    client.on('error', () => {});
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  private async withSource<T>(
    files: readonly Migration[],
    work: (source: DataSource) => Promise<T>,
  ): Promise<T> {
    const { user, ssl, options, ...server } = clientOptionsOf(this.options.owner);
    const source = new DataSource({
      type: 'postgres',
      ...server,
      username: user,
      ssl,
      extra: { options },
      migrations: files.map(migrationClass),
      migrationsTableName: namesTable,
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

/** The checksums come and go in the transaction of the migration itself. */
function migrationClass(migration: Migration): new () => MigrationInterface {
  return class implements MigrationInterface {
    name = migration.name;

    async up(runner: QueryRunner): Promise<void> {
      await run(runner, migration.up.path, migration.up.sql);
      await recordChecksums(askingBy(runner), migration);
    }

    async down(runner: QueryRunner): Promise<void> {
      await run(runner, migration.down.path, migration.down.sql);
      await forgetChecksums(askingBy(runner), migration);
    }
  };
}

async function run(runner: QueryRunner, path: string, sql: string): Promise<void> {
  try {
    await runner.query(sql);
  } catch (cause) {
    throw new DomainError(
      'conflict',
      'migration-failed',
      `${path} failed and was rolled back as a whole: ${messageOf(cause)}. Those before it stay; mend the cause and run the same again.`,
      { cause },
    );
  }
}

function askingBy(runner: QueryRunner): Ask {
  return async <Row>(sql: string, parameters: unknown[] = []) =>
    (await runner.query(sql, parameters)) as Row[];
}
