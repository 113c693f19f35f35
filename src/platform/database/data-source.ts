import { DataSource, getMetadataArgsStorage } from 'typeorm';
import type { ConnectionOptions } from './connection-options.js';
import { SnakeCaseNames } from './snake-case-names.js';

/** A frozen server must not hold a caller for ever: longer than any honest statement. */
const STATEMENT_TIMEOUT_MS = 20_000;
/** Also for a free one of the pool: in a burst a request waits its turn instead of being turned away. */
const CONNECT_TIMEOUT_MS = 15_000;

export interface DatabaseLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface PoolOptions {
  readonly connection: ConnectionOptions;
  readonly poolSize: number;
  readonly log: DatabaseLog;
}

/** One pool of connections as one role. */
export async function openDataSource(options: PoolOptions): Promise<DataSource> {
  const { connection, log } = options;
  const source = new DataSource({
    type: 'postgres',
    host: connection.host,
    port: connection.port,
    database: connection.database,
    username: connection.user,
    ...(connection.password ? { password: connection.password } : {}),
    ...(connection.tls ? { ssl: true } : {}),
    synchronize: false,
    entities: declaredEntities(),
    namingStrategy: new SnakeCaseNames(),
    parseInt8: true,
    poolSize: options.poolSize,
    // Errors reach the caller; logging them here as well would print every refused duplicate.
    logging: false,
    poolErrorHandler: (error: Error) =>
      log.warn({ error: error.message }, 'an idle database connection was lost'),
    applicationName: 'tidegate',
    extra: {
      query_timeout: STATEMENT_TIMEOUT_MS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      // Statements that do not wait for each other's answers travel together.
      pipeline: true,
      // `-c role=` is the one form of SET ROLE that also holds for every connection made later.
      ...(connection.role ? { options: `-c role=${connection.role}` } : {}),
    },
  });
  return source.initialize();
}

/** The classes with `@Entity` that this process has loaded: those of its modules, and no others. */
function declaredEntities() {
  return getMetadataArgsStorage()
    .tables.map(({ target }) => target)
    .filter((target) => typeof target === 'function');
}
