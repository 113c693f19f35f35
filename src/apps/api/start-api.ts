import { fileURLToPath } from 'node:url';
import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { systemClock } from '../../kernel/clock.js';
import type { Config } from '../../platform/config/config.js';
import { Health } from '../../platform/health/health.js';
import { closeHttpApp, createHttpApp } from '../../platform/http/create-http-app.js';
import { startPlainListener } from '../../platform/http/tls/plain-listener.js';
import type { Logger } from '../../platform/logging/logger.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { startOperationsListener } from '../../platform/metrics/operations-listener.js';
import type { RunningProcess } from '../../platform/run-process.js';
import { startPlatform } from '../../platform/start-platform.js';
import { refuseTakenPorts } from '../../platform/taken-ports.js';
import { Seed } from '../../tenancy/seed.js';
import { Undo } from '../../platform/undo.js';
import { ownVersion } from '../../platform/version.js';
import { workerModules } from '../worker/worker.module.js';
import { ApiModule } from './api.module.js';

/** Beside the compiled sources; built by `npm run build`. */
const DASHBOARD = fileURLToPath(new URL('../../../dist/dashboard', import.meta.url));

/** The first start's tenant and admin; a password that was made up is shown once, here. */
async function seed(app: NestFastifyApplication, logger: Logger): Promise<void> {
  const { generated } = await app.get(Seed, { strict: false }).run();
  if (!generated) return;
  logger.info({ username: generated.username }, 'the first admin was made');
  // Past the log on purpose: logs are kept and shipped, and this is shown once.
  process.stderr.write(
    `\nFirst admin: ${generated.username}\nPassword:    ${generated.password}\nIt is stored nowhere and not shown again.\n\n`,
  );
}

/** The API; in standalone mode the worker lives in the same process. */
export async function startApi(config: Config, logger: Logger): Promise<RunningProcess> {
  const health = new Health(systemClock, logger);
  const metrics = new Metrics({ runtime: true });
  const undo = new Undo();
  try {
    await refuseTakenPorts(config, ['listen', 'metricsListen', 'plainListen']);
    const started = await startPlatform({ config, logger, health, metrics });
    undo.add(() => started.stop());
    const { providers } = started;
    const platform = { config, logger, health, metrics, clock: systemClock, providers };
    const more = config.mode === 'standalone' ? workerModules : [];
    const app = await createHttpApp({
      platform,
      module: ApiModule.forRoot(platform, more),
      version: ownVersion(),
      pages: DASHBOARD,
    });
    // Half of the grace for requests, the other half for what they leave to close.
    undo.add(() => closeHttpApp(app, config.shutdownGraceMs / 2));
    await seed(app, logger);
    if (config.metricsListen) {
      const operations = await startOperationsListener(config.metricsListen, platform);
      undo.add(() => operations.close());
    }
    await app.listen(config.listen.port, config.listen.host);
    if (config.plainListen) {
      const { port: tlsPort } = app.getHttpServer().address() as AddressInfo;
      const parts = { publicUrl: config.publicUrl, tlsPort, metrics };
      const plain = await startPlainListener(config.plainListen, parts);
      undo.add(() => plain.close());
    }
    health.startWatching();
    undo.add(async () => health.beginShutdown());
    return { ready: `Tidegate listens on ${await app.getUrl()}`, stop: () => undo.run() };
  } catch (error) {
    await undo.run();
    throw error;
  }
}
