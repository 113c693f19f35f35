import type { Provider } from '@nestjs/common';
import { systemClock } from '../kernel/clock.js';
import { messageOf } from '../kernel/errors.js';
import { Audit } from './audit/audit.js';
import type { Config } from './config/config.js';
import { checkRoles } from './database/boot-checks.js';
import { Database } from './database/database.js';
import { Notices } from './database/notices.js';
import { Events } from './events/events.js';
import { Heard } from './events/heard.js';
import { type Access, openAccess } from './database/open-access.js';
import type { Health } from './health/health.js';
import type { Logger } from './logging/logger.js';
import { logLevel } from './logging/logging.settings.js';
import type { Metrics } from './metrics/metrics.js';
import { OutsideMetrics } from './outside/outside.metrics.js';
import { BullMqWakeUp } from './queue/bullmq-wake-up.js';
import { postgresConnections, redisConnections } from './queue/queue-connections.js';
import { WakeUp } from './queue/wake-up.js';
import { REDIS_PREFIX } from './redis-prefix.js';
import { InProcessSignal } from './signal/in-process-signal.js';
import { DatabaseRoom } from './room/disk-room.js';
import { openSealer } from './sealing/open-sealer.js';
import { SettingsFollower } from './settings/settings-follower.js';
import { SettingsMetrics } from './settings/settings.metrics.js';
import { Settings } from './settings/settings.js';
import { RedisSignal } from './signal/redis-signal.js';
import { Signal } from './signal/signal.js';
import { Undo } from './undo.js';

export interface StartedPlatform {
  /** What Nest hands out: `{ provide: Database, useValue: database }` and the like. */
  readonly providers: readonly Provider[];
  stop(): Promise<void>;
}

interface Parts {
  readonly config: Config;
  readonly logger: Logger;
  /** Each dependency registers its check here. */
  readonly health: Health;
  readonly metrics: Metrics;
}

/** Opens what every process needs before Nest starts: database, queue, signal. */
export async function startPlatform(parts: Parts): Promise<StartedPlatform> {
  const { config, logger } = parts;
  const outside = OutsideMetrics.of(parts.metrics);
  const undo = new Undo();
  try {
    const redisUrl = config.redis.url;
    const queueLog = logger.child({ part: 'queue' });
    const onError = (error: Error) =>
      queueLog.warn({ error: messageOf(error) }, 'a connection was lost');
    const access = await openAccess(config, logger);
    undo.add(() => access.stop());
    const signal = redisUrl
      ? new RedisSignal(redisUrl, `${REDIS_PREFIX}:signals`, onError, outside.observer('signal'))
      : new InProcessSignal();
    undo.add(() => signal.close());
    const log = logger.child({ part: 'database' });
    const events = new Events(signal);
    const database = await openDatabase(access, events, parts);
    undo.add(() => database.close());
    await checkRoles(database);
    const settings = new Settings(logger, await openSealer(config));
    const notices = new Notices(access.app, log);
    undo.add(() => notices.close());
    const follower = new SettingsFollower({
      settings,
      database,
      notices,
      log: logger,
      metrics: new SettingsMetrics(parts.metrics),
    });
    undo.add(() => follower.stop());
    await follower.start();
    const ownLevel = logger.level;
    settings.follow(logLevel, (level) => logger.setLevel(level ?? ownLevel));

    const wakeUp = new BullMqWakeUp(
      redisUrl
        ? redisConnections(redisUrl, REDIS_PREFIX)
        : postgresConnections(access.app, onError),
      queueLog,
      { observer: outside.observer('queue') },
    );
    // Last in, first out: no more hints are taken while everything they need is still there.
    undo.add(() => wakeUp.stop(config.shutdownGraceMs / 4));
    return {
      providers: [
        { provide: Database, useValue: database },
        { provide: WakeUp, useValue: wakeUp },
        { provide: Signal, useValue: signal },
        { provide: Audit, useValue: new Audit() },
        { provide: Events, useValue: events },
        { provide: Notices, useValue: notices },
        { provide: Settings, useValue: settings },
        Heard,
      ],
      stop: () => undo.run(),
    };
  } catch (error) {
    await undo.run().catch(() => undefined);
    throw error;
  }
}

/** The pools, and what the probes say of the database behind them. */
async function openDatabase(access: Access, recorder: Events, parts: Parts): Promise<Database> {
  const { config, logger, health } = parts;
  const room = new DatabaseRoom(systemClock);
  const { poolSize, systemPoolSize } = config.database;
  const database = await Database.open({
    app: access.app,
    system: access.system,
    poolSize,
    systemPoolSize,
    log: logger.child({ part: 'database' }),
    recorder,
    onFull: () => room.ranOut(),
  });
  const check = async () => {
    await room.check(access.folder);
    await database.ping();
  };
  health.register({ name: 'database', check });
  return database;
}
