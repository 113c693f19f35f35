import { NestFactory, ModulesContainer } from '@nestjs/core';
import type { OpenAPIObject } from '@nestjs/swagger';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { systemClock } from '../../kernel/clock.js';
import { Audit } from '../../platform/audit/audit.js';
import { Config } from '../../platform/config/config.js';
import { Database } from '../../platform/database/database.js';
import { Events } from '../../platform/events/events.js';
import { Health } from '../../platform/health/health.js';
import { type CheckedHandler, checkAccess } from '../../platform/http/access-check.js';
import { API_PREFIX, ROOT_ROUTES } from '../../platform/http/create-http-app.js';
import { buildDocument } from '../../platform/http/document.js';
import { Logger } from '../../platform/logging/logger.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { WakeUp } from '../../platform/queue/wake-up.js';
import { Signal } from '../../platform/signal/signal.js';
import { ownVersion } from '../../platform/version.js';
import { ApiModule } from '../api/api.module.js';

/**
 * docs/openapi.json: what a running API answers at /api/openapi.json, made without one. Nest only
 * looks at the classes (`preview`), so no provider is made and nothing is opened; the SDKs are
 * generated from this file.
 */
export async function openapiPage(): Promise<string> {
  const { document } = await describedApi();
  return `${JSON.stringify(document, null, 2)}\n`;
}

export interface DescribedApi {
  readonly document: OpenAPIObject;
  readonly handlers: readonly CheckedHandler[];
}

let described: Promise<DescribedApi> | undefined;

/** What several pages are made of, made once. */
export function describedApi(): Promise<DescribedApi> {
  return (described ??= describeApi());
}

async function describeApi(): Promise<DescribedApi> {
  const config = Config.read({ TIDEGATE_LOG_LEVEL: 'fatal' });
  const logger = Logger.create(config.log);
  const module = ApiModule.forRoot({
    config,
    logger,
    health: new Health(systemClock, logger),
    metrics: new Metrics(),
    clock: systemClock,
    // Never asked for anything: a preview makes no instance that could.
    providers: [Database, WakeUp, Signal, Audit, Events].map((provide) => ({
      provide,
      useValue: null,
    })),
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), {
    logger: false,
    preview: true,
    abortOnError: false,
  });
  app.setGlobalPrefix(API_PREFIX, { exclude: ROOT_ROUTES });
  const handlers = checkAccess(app.get(ModulesContainer));
  return { handlers, document: buildDocument(app, { version: ownVersion(), handlers }) };
}
