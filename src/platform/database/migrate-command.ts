/** `migrate up | down | status`: on DATABASE_OWNER_URL, or on standalone mode's own database. */
import { DomainError } from '../../kernel/errors.js';
import type { Config } from '../config/config.js';
import { type ConnectionOptions, connectionOptionsOf } from './connection-options.js';
import { openEmbeddedDatabase } from './embedded/embedded-database.js';
import { Migrator } from './migrator.js';

export async function runMigrate(
  args: readonly string[],
  config: Config,
  print: (line: string) => void,
): Promise<void> {
  const [command = 'up', ...rest] = args;
  if (!['up', 'down', 'status'].includes(command) || rest.length > 0) {
    throw new DomainError('invalid', 'usage', 'Usage: npm run migrate -- [up | down | status]');
  }
  const database = await ownerOf(config, print);
  try {
    const migrator = new Migrator({ owner: database.owner, log: print });
    if (command === 'up') {
      const applied = await migrator.up();
      for (const name of applied) print(`applied  ${name}`);
      if (applied.length === 0) print('Nothing to do: the database is up to date.');
    } else if (command === 'down') {
      const name = await migrator.down();
      print(name === undefined ? 'Nothing to take back.' : `reverted ${name}`);
    } else {
      for (const { name, state } of await migrator.status()) print(`${state.padEnd(8)} ${name}`);
    }
  } finally {
    await database.stop();
  }
}

async function ownerOf(
  config: Config,
  print: (line: string) => void,
): Promise<{ owner: ConnectionOptions; stop(): Promise<void> }> {
  const { url, ownerUrl } = config.database;
  if (ownerUrl !== null) return { owner: connectionOptionsOf(ownerUrl), stop: async () => {} };
  if (url !== null) {
    return { owner: connectionOptionsOf(url, 'tidegate_owner'), stop: async () => {} };
  }
  const embedded = await openEmbeddedDatabase({ home: config.home, log: print, mayShare: true });
  return { owner: embedded.access.owner, stop: () => embedded.stop() };
}
