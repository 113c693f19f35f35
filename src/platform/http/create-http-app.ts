import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:tls';
import type { Type, DynamicModule } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import multipart from '@fastify/multipart';
import { systemClock } from '../../kernel/clock.js';
import { limits } from '../../kernel/limits.js';
import { answerUpgradeOffers, offersWebSocket } from '../../kernel/upgrade-offers.js';
import { NestLogger } from '../logging/nest-logger.js';
import { httpMetrics, type HttpMetrics } from '../metrics/http.metrics.js';
import type { Platform } from '../platform.module.js';
import { Settings } from '../settings/settings.js';
import { checkAccess } from './access-check.js';
import { AccessInterceptor } from './access.interceptor.js';
import { Admission } from './admission.js';
import { Answered } from './answered.js';
import { clientErrorHandler } from './client-error.js';
import { Cors } from './cors.js';
import { buildDocument } from './document.js';
import { Pages } from './pages/pages.js';
import { ProblemFilter } from './problem.filter.js';
import { RateLimits } from '../rate-limits/rate-limits.js';
import { RequestRates } from './request-rates.js';
import { RequestAuthenticator } from './request-authenticator.js';
import { addRequestHooks, frameworkErrorHandler } from './request-hooks.js';
import { requestIdOf } from './request-identity.js';
import { RequestMeter } from './request-meter.js';
import { jsonShapeOf } from './route-facts.js';
import { metricsOfMachine } from './listener.errors.js';
import { isOfSameMachine } from './same-machine.js';
import { SchemaPipe } from './schema.pipe.js';
import { SlowReaders } from './slow-readers.js';
import { parseStrictJson } from './strict-json.js';
import { type Certificate, readCertificate, tlsOptions } from './tls/certificate.js';
import { CertificateWatch } from './tls/certificate-watch.js';
import { parseUrlForm } from './url-form.js';

export const API_PREFIX = 'api/v1';
/** These stand at the root: probes and well-known documents have their places. */
export const ROOT_ROUTES = ['health', 'health/*path', '.well-known/*path', 'scim/v2/*path'];

/** A request that takes longer to arrive holds a connection for nothing. */
const HEADERS_TIMEOUT_MS = 15_000;
/** A missing Host is answered like any other mistake, and not by Node. */
const LISTENER = { headersTimeout: HEADERS_TIMEOUT_MS, requireHostHeader: false };
const REQUEST_TIMEOUT_MS = 10 * 60_000;
const PATH_PARAMETER_CHARACTERS = 256;
/** Rendering all series takes about as long as so many other requests without an account. */
const METRICS_COST = 10;

/** The one path on which an offer to upgrade is taken. */
export const WEB_SOCKET_PATH = '/socket.io/';

export interface HttpAppOptions {
  readonly platform: Platform;
  readonly module: Type | DynamicModule;
  readonly version?: string;
  /** The folder of a built dashboard, which is shown where no route is. */
  readonly pages?: string;
  /** Before the routes are made: web socket adapter, static files. */
  readonly prepare?: (app: NestFastifyApplication) => void | Promise<void>;
}

/** The whole HTTP side, ready to listen. Throws AccessCheckError, or what modules throw at start. */
export async function createHttpApp(options: HttpAppOptions): Promise<NestFastifyApplication> {
  const { platform, module, version = '0.0.0' } = options;
  // What is rationed is the processor, which knows no other clock.
  const admission = new Admission({ metrics: platform.metrics, clock: systemClock });
  const observe = httpMetrics(platform.metrics);
  const { logger, config } = platform;
  const answered = new Answered({ observe, logger, accessLog: config.accessLog });
  const cors = new Cors(config.corsOrigins);
  const certificate = config.tls && (await readCertificate(config.tls));
  const pages =
    options.pages === undefined ? undefined : new Pages(options.pages, config.publicOrigin);
  const parts = { admission, observe, answered, certificate, cors, pages };
  const adapter = createAdapter(platform, parts);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: new NestLogger(platform.logger),
    bodyParser: false,
    abortOnError: false,
  });
  try {
    app.setGlobalPrefix(API_PREFIX, { exclude: ROOT_ROUTES });
    app.useGlobalPipes(new SchemaPipe());
    app.useGlobalFilters(new ProblemFilter(platform.logger, observe));
    app.useGlobalInterceptors(new AccessInterceptor());
    const modules = app.get(ModulesContainer);
    const handlers = checkAccess(modules);
    const authenticator = providedBy(modules, RequestAuthenticator);
    if (authenticator) admission.authenticateWith(authenticator);
    const rates = app.get(RateLimits, { strict: false });
    cors.followTenants(app.get(Settings, { strict: false }));
    rates.open();
    admission.countBy(new RequestRates(rates));
    const meter = providedBy(modules, RequestMeter);
    if (meter) answered.meterWith(meter);
    await options.prepare?.(app);
    if (platform.config.metricsListen === null) serveMetrics(app, platform);
    serveDocument(app, buildDocument(app, { version, handlers }));
    watchReaders(app, platform);
    await app.init();
    await adapter.getInstance().ready();
    takeUpgradeOffers(app.getHttpServer());
    answerExpectations(app.getHttpServer());
    if (certificate) watchCertificate(app, certificate, platform);
    return app;
  } catch (error) {
    await app.close().catch(() => undefined);
    throw error;
  }
}

/** Lets requests finish that are under way, then cuts what still hangs (a client that reads nothing). */
export async function closeHttpApp(app: NestFastifyApplication, drainMs: number): Promise<void> {
  const server = app.getHttpServer();
  const timer = setTimeout(() => server.closeAllConnections(), drainMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}

interface AdapterParts {
  readonly admission: Admission;
  readonly observe: HttpMetrics;
  readonly answered: Answered;
  readonly certificate: Certificate | null;
  readonly cors: Cors;
  readonly pages: Pages | undefined;
}

function createAdapter(
  { config, logger }: Platform,
  { certificate, ...parts }: AdapterParts,
): FastifyAdapter {
  const reports = { observe: parts.observe, logger };
  const adapter = new FastifyAdapter({
    // An empty list must mean nobody; only a non-empty one may be believed.
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    ...(certificate ? { https: { ...tlsOptions(certificate), ...LISTENER } } : { http: LISTENER }),
    routerOptions: { maxParamLength: PATH_PARAMETER_CHARACTERS },
    forceCloseConnections: 'idle',
    genReqId: requestIdOf,
    frameworkErrors: frameworkErrorHandler(reports),
    clientErrorHandler: clientErrorHandler(reports),
  });
  const server = adapter.getInstance();
  addRequestHooks(server, { ...parts, logger });
  server.removeAllContentTypeParsers();
  // The hook before it lets the second through to the routes of a directory.
  const json = ['application/json', 'application/scim+json'];
  server.addContentTypeParser(json, { parseAs: 'buffer' }, (request, body, done) => {
    // Clients that always send the type send it with no body, too.
    if (body.length === 0) return done(null, undefined);
    if (request.routeOptions.config.keepsBytes) request.bodyBytes = body as Buffer;
    try {
      done(null, parseStrictJson(body as Buffer, jsonShapeOf(request.routeOptions.config)));
    } catch (error) {
      done(error as Error);
    }
  });
  // The hook before it lets it through to the routes that take it.
  const urlForm = 'application/x-www-form-urlencoded';
  server.addContentTypeParser(urlForm, { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseUrlForm(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  void adapter.register(multipart as never, {
    limits: {
      fileSize: config.artifactLimitBytes,
      files: 1,
      fields: 8,
      fieldSize: limits.bodyBytes,
    },
  });
  return adapter;
}

/** Tests of a part may be without one. */
function providedBy<T>(modules: ModulesContainer, token: abstract new () => T): T | undefined {
  for (const module of modules.values()) {
    const found = module.providers.get(token)?.instance as T | undefined;
    if (found) return found;
  }
  return undefined;
}

function watchReaders(app: NestFastifyApplication, { metrics }: Platform): void {
  const cut = metrics.counter({
    name: 'slow_readers_cut_total',
    help: 'Connections that were cut because their clients did not read what was sent to them.',
  });
  new SlowReaders(systemClock, () => cut.inc()).watch(app.getHttpServer());
}

function watchCertificate(
  app: NestFastifyApplication,
  certificate: Certificate,
  { config, logger, metrics }: Platform,
): void {
  const server = app.getHttpServer() as unknown as TlsServer;
  const watch = new CertificateWatch(server, certificate, { files: config.tls!, logger, metrics });
  watch.start();
  server.once('close', () => watch.stop());
}

/**
 * Of all tenants, so for nobody from elsewhere: those have the listener that is set for it. Only now,
 * since a route that is older than Nest's error handler would answer without it.
 */
function serveMetrics(app: NestFastifyApplication, { metrics }: Platform): void {
  const server = app.getHttpAdapter().getInstance();
  server.get('/metrics', { config: { cost: METRICS_COST } }, async (request, reply) => {
    if (!isOfSameMachine(request)) throw metricsOfMachine();
    const { contentType, text } = await metrics.expose(request.headers.accept);
    return reply.type(contentType).send(text);
  });
}

/** What listens for upgrades by now serves the web socket; it would let every other offer run into a wall. */
function takeUpgradeOffers(server: Server): void {
  const takers = server.listeners('upgrade') as ((...offer: unknown[]) => void)[];
  server.removeAllListeners('upgrade');
  answerUpgradeOffers(server, ({ request, socket, head }) => {
    const isOurs = request.url?.startsWith(WEB_SOCKET_PATH) && offersWebSocket(request);
    if (takers.length === 0 || !isOurs) return false;
    // Of several offers this is the one that is taken.
    request.headers.upgrade = 'websocket';
    for (const take of takers) take.call(server, request, socket, head);
    return true;
  });
}

/** What is expected and not known is answered like any other mistake, and not by Node. */
function answerExpectations(server: Server): void {
  server.on('checkExpectation', (request, response) => {
    server.emit('request', request, response);
  });
}

/** The document at /api/openapi.json and a page to try it at /api/docs. */
function serveDocument(
  app: NestFastifyApplication,
  document: ReturnType<typeof buildDocument>,
): void {
  // Written once: anybody may ask for it, and it takes longer to write than most answers.
  const text = Buffer.from(JSON.stringify(document));
  const server = app.getHttpAdapter().getInstance();
  server.get('/api/openapi.json', (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(text),
  );
  SwaggerModule.setup('api/docs', app, document, {
    raw: false,
    customSiteTitle: 'Tidegate API',
    swaggerUrl: '/api/openapi.json',
    swaggerOptions: { persistAuthorization: true, docExpansion: 'none', filter: true },
  });
}
