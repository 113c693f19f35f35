import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module, type Provider, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { systemClock } from '../../src/kernel/clock.js';
import { Config } from '../../src/platform/config/config.js';
import { Health } from '../../src/platform/health/health.js';
import { closeHttpApp, createHttpApp } from '../../src/platform/http/create-http-app.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { Settings } from '../../src/platform/settings/settings.js';
import { PlatformModule, type Platform } from '../../src/platform/platform.module.js';

export interface HttpAppForTest {
  readonly app: NestFastifyApplication;
  readonly platform: Platform;
  readonly url: string;
  /** Every line of the log so far, parsed. */
  readonly log: Record<string, unknown>[];
  readonly rawLog: () => string;
  close(): Promise<void>;
}

export interface HttpAppForTestOptions {
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
  readonly environment?: Record<string, string>;
  /** What is set in them; else nothing. */
  readonly settings?: Settings;
  /** The folder of a built dashboard. */
  readonly pages?: string;
}

/** The real HTTP side with a test's own controllers, listening on a free port. */
export async function startHttpApp(options: HttpAppForTestOptions = {}): Promise<HttpAppForTest> {
  const { controllers = [], providers = [], environment = {} } = options;
  const lines: string[] = [];
  const home = await mkdtemp(join(tmpdir(), 'tidegate-http-'));
  const config = Config.read({
    TIDEGATE_HOME: home,
    TIDEGATE_LISTEN: '127.0.0.1:0',
    TIDEGATE_RATE_LIMIT_PROFILE: 'report-only',
    TIDEGATE_DEFAULT_APPROVALS: 'none',
    TIDEGATE_LOG_LEVEL: 'debug',
    ...environment,
  });
  const logger = Logger.create({
    level: config.log.level,
    format: 'json',
    destination: { write: (line) => void lines.push(line) },
  });
  const health = new Health(systemClock, logger);
  const platform: Platform = {
    config,
    logger,
    metrics: new Metrics(),
    health,
    clock: systemClock,
    providers: options.settings ? [{ provide: Settings, useValue: options.settings }] : [],
  };

  @Module({
    imports: [PlatformModule.forRoot(platform)],
    controllers: [...controllers],
    providers: [...providers],
  })
  class TestModule {}

  const app = await createHttpApp({
    platform,
    module: TestModule,
    ...(options.pages === undefined ? {} : { pages: options.pages }),
  });
  await app.listen(config.listen.port, config.listen.host);
  return {
    app,
    platform,
    url: (await app.getUrl()).replace('[::1]', '127.0.0.1'),
    get log() {
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    rawLog: () => lines.join(''),
    close: async () => {
      await closeHttpApp(app, 1000);
      await rm(home, { recursive: true, force: true });
    },
  };
}
