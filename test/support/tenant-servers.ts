/** A PostgreSQL and a Redis for tenants: servers of their own, as the product demands. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/platform/database/embedded/embedded-postgres.js';
import type { ConnectionOptions } from '../../src/platform/database/connection-options.js';
import { withClient } from './database.js';
import { testRedis } from './redis.js';

export interface TestTenantServers {
  /** Who may do everything there. */
  readonly postgres: ConnectionOptions;
  readonly redisUrl: string;
  /** As somebody who may make roles and schemas, and is no superuser. */
  readonly environment: { readonly TENANT_DATABASE_URL: string; readonly TENANT_REDIS_URL: string };
  stop(): Promise<void>;
}

export async function testTenantServers(): Promise<TestTenantServers> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidegate-tenants-postgres-'));
  const server = await startEmbeddedPostgres({
    dataDir,
    log: () => {},
    settings: { fsync: 'off' },
  });
  const redis = await testRedis({ keepsUsers: true });
  const { host, port } = server;
  const postgres = { host, port, ...server.superuser, database: 'postgres' };
  await withClient(postgres, async (client) => {
    await client.query(`create role provisioner login createrole password 'provisions'`);
    await client.query('create database tenants owner provisioner');
  });
  const url = new URL(`postgres://provisioner:provisions@localhost:${port}/tenants`);
  url.searchParams.set('host', host);
  return {
    postgres: { ...postgres, database: 'tenants' },
    redisUrl: redis.url,
    environment: { TENANT_DATABASE_URL: url.toString(), TENANT_REDIS_URL: redis.url },
    stop: async () => {
      await server.stop();
      await redis.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
