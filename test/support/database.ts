/** Databases for tests: each test file gets a fresh copy of a migrated one, on one server per run. */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { ConnectionOptions } from '../../src/platform/database/connection-options.js';
import { type DatabaseAccess, ensureDatabase } from '../../src/platform/database/embedded/roles.js';
import { databaseVariable, templateDatabase } from './test-variables.js';

export interface TestDatabaseServer {
  superuser: ConnectionOptions;
  template: DatabaseAccess;
}

export interface TestDatabase extends DatabaseAccess {
  name: string;
  superuser: ConnectionOptions;
  drop(): Promise<void>;
}

export function testDatabaseServer(): TestDatabaseServer {
  const handed = process.env[databaseVariable];
  if (!handed)
    throw new Error('jest did not run its global setup: use the integration or e2e project.');
  return JSON.parse(handed) as TestDatabaseServer;
}

/** A migrated database of its own. `empty` gives one without any table, to test the migrations. */
export async function freshDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const server = testDatabaseServer();
  const name = `t_${randomBytes(8).toString('hex')}`;
  await ensureDatabase(server.superuser, name, options.empty ? undefined : templateDatabase);
  return {
    name,
    app: { ...server.template.app, database: name },
    system: { ...server.template.system, database: name },
    owner: { ...server.template.owner, database: name },
    superuser: { ...server.superuser, database: name },
    drop: () =>
      withClient(server.superuser, async (client) => {
        await client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`);
      }),
  };
}

/** One connection for a few statements, closed whatever happens. */
export async function withClient<T>(
  connection: ConnectionOptions,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ ...connection });
  // A dropped database ends its connections: that is no error of the test.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
