import { createPostgresBackend, runMigrations } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { ConnectionOptions } from '../database/connection-options.js';

/** The connections of one queue. Producer and worker never share one: they want opposite options. */
export interface QueueConnections {
  producer(): unknown;
  worker(): unknown;
  /** BullMQ's backend factory; undefined is its default, Redis. */
  readonly backendFactory: unknown;
  readonly prefix?: string;
  close(): Promise<void>;
}

/** Reconnects within two seconds: BullMQ's own back-off grows to twenty. */
const retryStrategy = (times: number) => Math.min(times * 100, 1_500) + Math.random() * 500;

export function redisConnections(url: string, prefix: string): QueueConnections {
  const open: Redis[] = [];
  const keep = (client: Redis): Redis => {
    client.on('error', () => undefined); // BullMQ reports it; unheard it would end the process.
    open.push(client);
    // A worker makes another connection for its blocking read; left alone it would go on trying.
    const duplicate = client.duplicate.bind(client);
    client.duplicate = (...given) => keep(duplicate(...given));
    return client;
  };
  const connect = (options: object) => keep(new Redis(url, { retryStrategy, ...options }));
  return {
    backendFactory: undefined,
    // One hash tag, so that every key of the queue lives on one node of a Redis Cluster.
    prefix: `{${prefix}}`,
    // A producer fails fast: without the offline queue and with a deadline for each command.
    producer: () =>
      connect({ enableOfflineQueue: false, commandTimeout: 1_000, maxRetriesPerRequest: 1 }),
    // A worker waits: a command timeout would kill its blocking read.
    worker: () => connect({ maxRetriesPerRequest: null }),
    close: async () => {
      for (const client of open) client.disconnect();
    },
  };
}

/** Connections a process may hold for the queue; LISTEN takes one of them for good. */
const QUEUE_POOL = 4;

export function postgresConnections(
  connection: ConnectionOptions,
  onError: (error: Error) => void,
): QueueConnections {
  const pools: pg.Pool[] = [];
  const pool = (options: pg.PoolConfig = {}) => {
    const made = new pg.Pool({
      host: connection.host,
      port: connection.port,
      database: connection.database,
      user: connection.user,
      ...(connection.password ? { password: connection.password } : {}),
      max: QUEUE_POOL,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      options: '-c search_path=bullmq',
      ...options,
    });
    made.on('error', onError);
    pools.push(made);
    return made;
  };
  return {
    backendFactory: createPostgresBackend,
    // A hint that a frozen server does not take must not keep its connection.
    producer: () => pool({ query_timeout: 2_000 }),
    worker: () => pool(),
    close: async () => {
      await Promise.allSettled(pools.map((each) => each.end()));
    },
  };
}

/** Creates or upgrades BullMQ's own schema as the owner and lets the application's role use it. */
export async function migrateQueueSchema(owner: ConnectionOptions, appRole: string): Promise<void> {
  const client = new pg.Client({
    host: owner.host,
    port: owner.port,
    database: owner.database,
    user: owner.user,
    ...(owner.password ? { password: owner.password } : {}),
  });
  await client.connect();
  try {
    await runMigrations(client);
    const role = client.escapeIdentifier(appRole);
    await client.query(`
      grant usage on schema bullmq to ${role};
      grant select, insert, update, delete on all tables in schema bullmq to ${role};
      grant usage, select on all sequences in schema bullmq to ${role};
      grant execute on all functions in schema bullmq to ${role};
    `);
  } finally {
    await client.end();
  }
}
