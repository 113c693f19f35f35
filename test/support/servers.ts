/**
 * The servers of one jest run: an embedded PostgreSQL with a migrated template, and the program of a
 * Redis. Made once by jest's global setup and handed to the workers through the environment.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/platform/database/embedded/embedded-postgres.js';
import { ensureRoles } from '../../src/platform/database/embedded/roles.js';
import { claimOf } from '../../src/platform/database/embedded/server-claim.js';
import { Migrator } from '../../src/platform/database/migrations/migrator.js';
import type { TestDatabaseServer } from './database.js';
import { redisProgram } from './redis-program.js';
import { databaseVariable, redisVariable, templateDatabase } from './test-variables.js';

/** Data that dies with the run needs no disk. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '300',
};
const prefix = 'tidegate-test-';

export async function startServers(): Promise<{ stop(): Promise<void> }> {
  await removeLeftOvers();
  const dataDir = await mkdtemp(join(tmpdir(), prefix));
  const postgres = await startEmbeddedPostgres({ dataDir, log: () => {}, settings });
  const stop = async () => {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const { host, port } = postgres;
    const superuser = { host, port, ...postgres.superuser, database: 'postgres' };
    const passwordFile = join(dataDir, `roles-${randomUUID()}.json`);
    const template = await ensureRoles(superuser, { database: templateDatabase, passwordFile });
    await new Migrator({ owner: template.owner }).up();
    const server: TestDatabaseServer = { superuser, template };
    process.env[databaseVariable] = JSON.stringify(server);
    process.env[redisVariable] = JSON.stringify(await redisProgram(say));
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A killed run's server ends by itself; its folder is for the next one to remove. */
async function removeLeftOvers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix)) continue;
    const folder = join(tmpdir(), name);
    const files = await readdir(folder).catch((): string[] => []);
    const isLeft = files.includes('owner.json') && (await claimOf(folder)) === undefined;
    if (isLeft) await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
