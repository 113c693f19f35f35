import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.js';
import { type DatabaseAccess, ensureRoles } from './roles.js';

export interface EmbeddedDatabase {
  access: DatabaseAccess;
  stop(): Promise<void>;
}

/** Standalone mode's database below the platform's home, with its roles; not migrated yet. */
export async function openEmbeddedDatabase(options: {
  home: string;
  log: (line: string) => void;
  /** For commands beside a running platform. */
  mayShare?: boolean;
}): Promise<EmbeddedDatabase> {
  const dataDir = join(options.home, 'postgres');
  const server: EmbeddedPostgres = await startEmbeddedPostgres({ ...options, dataDir });
  try {
    const { host, port, superuser } = server;
    const access = await ensureRoles(
      { host, port, ...superuser, database: 'postgres' },
      { database: 'tidegate', passwordFile: join(dataDir, 'roles.json') },
    );
    return { access, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
