import { NestFactory } from '@nestjs/core';
import { systemClock } from '../../kernel/clock.js';
import { ConfigError } from '../../platform/config/config-error.js';
import type { Config } from '../../platform/config/config.js';
import { Health } from '../../platform/health/health.js';
import type { Logger } from '../../platform/logging/logger.js';
import { NestLogger } from '../../platform/logging/nest-logger.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { startOperationsListener } from '../../platform/metrics/operations-listener.js';
import type { RunningProcess } from '../../platform/run-process.js';
import { startPlatform } from '../../platform/start-platform.js';
import { refuseTakenPorts } from '../../platform/taken-ports.js';
import { Undo } from '../../platform/undo.js';
import { WorkerModule } from './worker.module.js';

/** The background work alone. It has no API: only `/metrics` and the probes. */
export async function startWorker(config: Config, logger: Logger): Promise<RunningProcess> {
  if (config.metricsListen === null || config.mode !== 'cluster') {
    throw new ConfigError([
      'The worker is a process of cluster mode: set TIDEGATE_MODE=cluster. In standalone mode the API does its work.',
    ]);
  }
  const health = new Health(systemClock, logger);
  const metrics = new Metrics({ runtime: true });
  const undo = new Undo();
  try {
    await refuseTakenPorts(config, ['metricsListen']);
    const started = await startPlatform({ config, logger, health, metrics });
    undo.add(() => started.stop());
    const { providers } = started;
    const platform = { config, logger, health, metrics, clock: systemClock, providers };
    const app = await NestFactory.createApplicationContext(WorkerModule.forRoot(platform), {
      logger: new NestLogger(logger),
      abortOnError: false,
    });
    undo.add(() => app.close());
    const operations = await startOperationsListener(config.metricsListen, platform);
    undo.add(() => operations.close());
    health.startWatching();
    undo.add(async () => health.beginShutdown());
    return { ready: `The worker's metrics are at ${operations.url}`, stop: () => undo.run() };
  } catch (error) {
    await undo.run();
    throw error;
  }
}
