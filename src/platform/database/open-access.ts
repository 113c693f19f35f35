import { ConfigError } from '../config/config-error.js';
import type { Config } from '../config/config.js';
import type { Logger } from '../logging/logger.js';
import { migrateQueueSchema } from '../queue/queue-connections.js';
import { connectionOptionsOf, type ConnectionOptions } from './connection-options.js';
import { openEmbeddedDatabase } from './embedded/embedded-database.js';
import { Migrator } from './migrations/migrator.js';

export interface Access {
  readonly app: ConnectionOptions;
  readonly system: ConnectionOptions;
  /** Where its data are, if that is on this machine and ours to look after. */
  readonly folder: string | null;
  stop(): Promise<void>;
}

const APP_ROLE = 'tidegate_app';
const SYSTEM_ROLE = 'tidegate_system';
const OWNER_ROLE = 'tidegate_owner';

/**
 * The database of this process: the operator's, or in standalone mode an embedded one below the
 * home. Standalone migrates by itself; cluster mode refuses to start on an older schema, or
 * one that other files have made, because only one of many processes should change it.
 */
export async function openAccess(
  config: Config,
  logger: Logger,
  /** For commands beside a running platform. */
  mayShare = false,
): Promise<Access> {
  const { url } = config.database;
  return url === null ? openEmbedded(config, logger, mayShare) : openGiven(config, url, logger);
}

async function openEmbedded(config: Config, logger: Logger, mayShare: boolean): Promise<Access> {
  const log = logger.child({ part: 'postgres' });
  const embedded = await openEmbeddedDatabase({
    home: config.home,
    log: (line) => log.info({}, line),
    mayShare,
  });
  try {
    const { app, system, owner } = embedded.access;
    await migrate(owner, logger);
    return { app, system, folder: embedded.folder, stop: () => embedded.stop() };
  } catch (error) {
    await embedded.stop();
    throw error;
  }
}

async function openGiven(config: Config, url: string, logger: Logger): Promise<Access> {
  const { systemUrl, ownerUrl } = config.database;
  const read = (name: string, text: string, role?: string) => {
    try {
      return connectionOptionsOf(text, role);
    } catch (error) {
      throw new ConfigError([`${name} is ${(error as Error).message}.`]);
    }
  };
  const isShared = systemUrl === null;
  if (isShared) {
    logger.warn(
      {},
      'one database user for all roles: set DATABASE_SYSTEM_URL and DATABASE_OWNER_URL to keep them apart',
    );
  }
  const app = read('DATABASE_URL', url, isShared ? APP_ROLE : undefined);
  const system = isShared
    ? read('DATABASE_URL', url, SYSTEM_ROLE)
    : read('DATABASE_SYSTEM_URL', systemUrl);
  const owner = ownerUrl
    ? read('DATABASE_OWNER_URL', ownerUrl)
    : read('DATABASE_URL', url, OWNER_ROLE);
  if (config.mode === 'standalone') await migrate(owner, logger);
  else await refuseOtherSchema(app);
  return { app, system, folder: null, stop: async () => undefined };
}

async function migrate(owner: ConnectionOptions, logger: Logger): Promise<void> {
  const log = logger.child({ part: 'migrations' });
  const done = await new Migrator({ owner, log: (line) => log.info({}, line) }).up();
  for (const name of done) log.info({ migration: name }, 'migrated');
  await migrateQueueSchema(owner, APP_ROLE);
}

/** As the application: a process that changes nothing needs no owner's password. */
async function refuseOtherSchema(app: ConnectionOptions): Promise<void> {
  const migrator = new Migrator({ owner: app });
  await migrator.refuseForeign();
  const states = await migrator.status();
  const pending = states.filter(({ state }) => state === 'pending');
  if (pending.length > 0) {
    throw new ConfigError([
      `The database lacks ${pending.length} migrations: run "npm run migrate -- up" with DATABASE_OWNER_URL first.`,
    ]);
  }
  if (states.some(({ state }) => state === 'unchecked')) {
    throw new ConfigError([
      'The database is from before migrations had checksums, and nobody has compared it with this version yet: run "npm run migrate -- up" with DATABASE_OWNER_URL first.',
    ]);
  }
}
