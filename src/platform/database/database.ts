import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseError, type PoolClient } from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import { messageOf } from '../../kernel/errors.js';
import { failpoint } from '../../kernel/failpoint.js';
import { isId } from '../../kernel/ids.js';
import { OpenContext, type Context, type Recorder } from '../context.js';
import type { Event, EventBody } from '../events/event.js';
import { storageFull } from '../room/room.errors.js';
import type { ConnectionOptions } from './connection-options.js';
import { openDataSource, type DatabaseLog } from './data-source.js';
import { commitUnknown, databaseUnavailable } from './database.errors.js';
import { OpenTransaction } from './open-transaction.js';
import { isConnectionLoss, isOutOfRoom, isRetryable, isTimeout } from './sql-errors.js';
import type { SystemTransaction } from './transaction.js';

/** A transaction that still conflicts after this many tries is a design mistake, not bad luck. */
const TRANSACTION_ATTEMPTS = 3;
/**
 * Milliseconds, times the tries so far. Whoever lost a deadlock and comes back at once takes its first
 * row again before the winner has woken up, and both are where they were.
 */
const PAUSE_BEFORE_RETRY = { least: 5, most: 25 } as const;

export interface DatabaseOptions {
  readonly app: ConnectionOptions;
  readonly system: ConnectionOptions;
  readonly poolSize: number;
  readonly systemPoolSize: number;
  readonly log: DatabaseLog;
  /** What open contexts record with. */
  readonly recorder: Recorder;
  /** A statement has failed for want of room on the server's disk. */
  readonly onFull?: () => void;
}

/**
 * The only way to the database. Every statement runs in a transaction that is bound to one tenant
 * by row-level security, or, for scheduling alone, in one of the system's role.
 */
export class Database {
  private constructor(
    private readonly app: DataSource,
    private readonly systemSource: DataSource,
    private readonly options: Pick<DatabaseOptions, 'log' | 'recorder' | 'onFull'>,
  ) {}

  /** Throws when a server cannot be reached or a role could get round row-level security. */
  static async open(options: DatabaseOptions): Promise<Database> {
    const { log } = options;
    const app = await openDataSource({
      connection: options.app,
      poolSize: options.poolSize,
      log,
    });
    try {
      const system = await openDataSource({
        connection: options.system,
        poolSize: options.systemPoolSize,
        log,
      });
      return new Database(app, system, options);
    } catch (error) {
      await app.destroy();
      throw error;
    }
  }

  /**
   * Runs the work in a transaction of the context's tenant and commits. A context that already has
   * one joins it. Serialization failures and deadlocks are retried here and nowhere else, so the
   * work must be repeatable: no outside call inside.
   */
  async transaction<T>(ctx: Context, work: (open: OpenContext) => Promise<T>): Promise<T> {
    if (ctx instanceof OpenContext) return work(ctx);
    if (!isId(ctx.tenantId)) throw new Error('a tenant id must be a UUID');
    // A validated literal lets BEGIN and the tenant travel in one round trip.
    const begin = `begin; select set_config('app.tenant_id', '${ctx.tenantId}', true)`;
    return this.run(this.app, begin, (tx) => work(new OpenContext(ctx, tx, this.options.recorder)));
  }

  /** Runs the work as the system's role: all tenants, but only the tables of scheduling. */
  async system<T>(work: (tx: SystemTransaction) => Promise<T>): Promise<T> {
    return this.run(this.systemSource, 'begin', work);
  }

  /**
   * What happens to whoever is of no tenant, in the transaction in which the system's role does it, for the
   * log of the context's tenant. Nothing but events of the audit log: who listened would work as that role.
   */
  async record<Body extends EventBody>(
    tx: SystemTransaction,
    ctx: Context,
    event: Event<Body>,
  ): Promise<void> {
    await new OpenContext(ctx, tx, this.options.recorder).record(event);
  }

  /** Asks the same of both roles, outside any tenant: for checks at start only. */
  async eachRole<Row>(sql: string): Promise<Row[]> {
    const answers = await Promise.all(
      [this.app, this.systemSource].map((source) => source.query<Row[]>(sql)),
    );
    return answers.flat();
  }

  async ping(): Promise<void> {
    // Not past run(): a question that is given up must not leave its connection to the next one.
    await this.run(this.app, 'begin', (tx) => tx.query('select 1'));
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.app.destroy(), this.systemSource.destroy()]);
  }

  private async run<T>(
    source: DataSource,
    begin: string,
    work: (tx: OpenTransaction) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.attempt(source, begin, work);
      } catch (error) {
        if (isOutOfRoom(error)) {
          this.options.onFull?.();
          throw storageFull('database', error);
        }
        if (isTimeout(error)) throw databaseUnavailable(BUSY, error);
        if (!isRetryable(error)) throw error;
        if (attempt >= TRANSACTION_ATTEMPTS) throw databaseUnavailable(BUSY, error);
        await delay(attempt * randomInt(PAUSE_BEFORE_RETRY.least, PAUSE_BEFORE_RETRY.most));
      }
    }
  }

  private async attempt<T>(
    source: DataSource,
    begin: string,
    work: (tx: OpenTransaction) => Promise<T>,
  ): Promise<T> {
    const { runner, client } = await this.connect(source);
    const tx = new OpenTransaction(client, runner, (ms, sql) =>
      this.options.log.warn(
        { ms, statement: sql.replace(/\s+/g, ' ').slice(0, 500) },
        'slow statement',
      ),
    );
    let result: T;
    try {
      // Sent together with the work's first statement; it can only fail with its connection.
      const begun = client.query(begin);
      begun.catch(() => undefined);
      // Said to TypeORM, so that its repositories join this transaction instead of opening their own.
      Object.assign(runner, { isTransactionActive: true });
      result = await work(tx);
      await begun;
      for (const name of tx.commitNames) await failpoint('database.commit:before', name);
    } catch (error) {
      await this.undo({ runner, client }, error);
      throw isConnectionLoss(error) ? databaseUnavailable(AWAY, error) : error;
    }
    try {
      await commit(client);
      for (const name of tx.commitNames) await failpoint('database.commit:after', name);
    } catch (error) {
      await this.undo({ runner, client }, error);
      // Whatever else comes after COMMIT was said, the change may be there: nobody may do it once more.
      throw isRefusal(error) ? error : commitUnknown(error);
    }
    await runner.release();
    await tx.runHints((error) =>
      this.options.log.warn({ error: messageOf(error) }, 'a hint after commit failed'),
    );
    return result;
  }

  private async connect(source: DataSource): Promise<Connection> {
    const runner = source.createQueryRunner();
    try {
      return { runner, client: (await runner.connect()) as PoolClient };
    } catch (error) {
      await runner.release().catch(() => undefined);
      throw databaseUnavailable(AWAY, error);
    }
  }

  /**
   * A statement that was given up may still be running on its connection: nothing more is said
   * there, and nobody else may get it. PostgreSQL rolls back when it is cut.
   */
  private async undo({ runner, client }: Connection, error: unknown): Promise<void> {
    const isLost = isConnectionLoss(error);
    const isUndone = !isLost && (await client.query('rollback').then(yes, no));
    if (!isUndone) await cut(client);
    await runner.release().catch(() => undefined);
  }
}

/** TypeORM lends the connection and takes it back; statements of the clockwork go to it directly. */
interface Connection {
  readonly runner: QueryRunner;
  readonly client: PoolClient;
}

const yes = () => true;
const no = () => false;

/** PostgreSQL answers the COMMIT of a transaction that has failed before with a rollback, and no error. */
async function commit(client: PoolClient): Promise<void> {
  const { command } = await client.query('commit');
  if (command !== 'COMMIT') throw new NotCommitted();
}

/** A statement has failed, and whoever sent it went on as if it had not. */
class NotCommitted extends Error {
  constructor() {
    super('a statement of the transaction had failed, so nothing was committed');
  }
}

/** The server itself says that nothing was committed. */
function isRefusal(error: unknown): boolean {
  if (error instanceof NotCommitted) return true;
  return error instanceof DatabaseError && !isConnectionLoss(error);
}

async function cut(client: PoolClient): Promise<void> {
  const { stream } = client.connection as unknown as { stream: Socket };
  if (stream.closed) return;
  const closed = once(stream, 'close').catch(() => undefined);
  stream.destroy();
  await closed;
}

const BUSY =
  'The database is busy: others hold what this needs, or it is slow. Nothing was changed.';
const AWAY = 'The database does not answer.';
