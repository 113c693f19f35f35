import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { prepareHome } from '../../config/home.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.js';
import { type DatabaseAccess, ensureRoles } from './roles.js';

export interface EmbeddedDatabase {
  access: DatabaseAccess;
  /** Where its data are. */
  folder: string;
  stop(): Promise<void>;
}

/** Of a new database, and of one that is there: for a server that starts has to write before it can answer. */
const LEAST_FREE_BYTES = { fresh: 128 * 1024 * 1024, known: 32 * 1024 * 1024 } as const;

/** Standalone mode's database below the platform's home, with its roles; not migrated yet. */
export async function openEmbeddedDatabase(options: {
  home: string;
  log: (line: string) => void;
  /** For commands beside a running platform. */
  mayShare?: boolean;
}): Promise<EmbeddedDatabase> {
  const dataDir = join(options.home, 'postgres');
  const leastFree = existsSync(dataDir) ? LEAST_FREE_BYTES.known : LEAST_FREE_BYTES.fresh;
  // Beside a running platform the server is there.
  await prepareHome(options.home, options.mayShare ? 0 : leastFree);
  const server: EmbeddedPostgres = await startEmbeddedPostgres({ ...options, dataDir });
  try {
    const { host, port, superuser } = server;
    const access = await ensureRoles(
      { host, port, ...superuser, database: 'postgres' },
      { database: 'tidegate', passwordFile: join(dataDir, 'roles.json') },
    );
    return { access, folder: server.folder, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
