import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../kernel/errors.js';
import { type RequestSource, withRequestSource } from '../audit/request-source.js';
import { withLogScope, type LogScope } from '../logging/log-scope.js';
import type { Logger } from '../logging/logger.js';
import type { HttpMetrics } from '../metrics/http.metrics.js';
import type { Admission } from './admission.js';
import { AllowedMethods } from './allowed-methods.js';
import type { Answered } from './answered.js';
import { watchBody } from './body-deadline.js';
import { clientErrorHandler } from './client-error.js';
import { clientAddressOf } from './client-address.js';
import { refuseIfGone } from './client-gone.js';
import type { Cors } from './cors.js';
import type { Pages } from './pages/pages.js';
import { methodNotAllowed, routeNotFound, unsupportedMediaType } from './http.errors.js';
import { answerTo, PROBLEM_TYPE } from './problem.js';
import { traceOf } from './request-identity.js';
import { checkRequestForm } from './request-form.js';
import { bodyBytesOf } from './route-facts.js';
import { securityHeaders } from './security-headers.js';
import { tellRefusal } from './tell-refusal.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The W3C trace that the request belongs to. */
    traceId?: string;
  }
}

interface Parts {
  readonly observe: HttpMetrics;
  readonly logger: Logger;
  readonly admission: Admission;
  readonly cors: Cors;
  readonly answered: Answered;
  readonly pages: Pages | undefined;
}

/** What every request passes before and after Nest: ids, headers, log scope, admission, 404, metrics. */
export function addRequestHooks(
  server: FastifyInstance,
  { observe, logger, admission, cors, answered, pages }: Parts,
): void {
  const allowed = new AllowedMethods();
  const answerLate = clientErrorHandler({ observe, logger });
  server.addHook('onRoute', (route) => {
    allowed.add(route.url, route.method);
    route.bodyLimit = bodyBytesOf(route.config ?? {});
    // Of the page that shows the document: the only files there are.
    if (route.url.includes('*')) route.config = { ...route.config, isFile: true };
  });

  server.addHook('onRequest', (request, reply, done) => {
    const trace = traceOf(request.headers.traceparent);
    request.traceId = trace.traceId;
    answered.begin(request);
    void reply.headers({
      ...securityHeaders(request.url),
      'x-request-id': request.id,
      traceparent: trace.traceparent,
    });
    inScopesOf(request, done);
  });

  // From here on nothing of the body has been read yet, and what is refused never will be.
  server.addHook('onRequest', async (request, reply) => {
    checkRequestForm(request);
    const isUnmatched = request.is404 || allowed.isMismatch(request);
    try {
      await admission.admit(request, reply, { isUnmatched });
    } finally {
      cors.allow(request, reply);
    }
    refuseIfGone(request);
    if (!isUnmatched) return;
    const methods = allowed.of(request.url);
    if (cors.answerPreflight(request, reply, methods)) return reply;
    if (methods.length === 0 && pages?.show(request, reply)) return reply;
    throw unmatched(request, methods);
  });

  server.addHook('preParsing', (request, _reply, payload, done) => {
    watchBody(request, answerLate);
    const { takesForm, takesUrlForm, access } = request.routeOptions.config;
    const isTaken =
      (!isForm(request) || takesForm) &&
      (!isUrlForm(request) || takesUrlForm) &&
      (!isScim(request) || access?.kind === 'directory');
    if (isTaken) return done(null, payload);
    done(unsupportedMediaType());
  });

  // Reading the body ends the scope that onRequest opened: its events come from the socket.
  server.addHook('preValidation', (request, _reply, done) => {
    inScopesOf(request, done);
  });

  server.addHook('onResponse', (request, reply, done) => {
    answered.end(request, reply, scopeOf(request));
    done();
  });
}

function inScopesOf(request: FastifyRequest, work: () => void): void {
  withRequestSource(
    () => sourceOf(request),
    () => withLogScope(() => scopeOf(request), work),
  );
}

const USER_AGENT_CHARACTERS = 500;

/** As the audit log says it; what a client says of itself is a text like any other. */
function sourceOf(request: FastifyRequest): RequestSource {
  const userAgent = request.headers['user-agent']?.slice(0, USER_AGENT_CHARACTERS);
  return {
    address: clientAddressOf(request),
    userAgent: userAgent === undefined ? null : userAgent.toWellFormed(),
    traceId: request.traceId ?? null,
  };
}

function scopeOf(request: FastifyRequest): LogScope {
  const { id: requestId, traceId, context } = request;
  return {
    requestId,
    ...(traceId ? { traceId } : {}),
    ...(context ? { tenantId: context.tenantId, actor: context.actor.name } : {}),
  };
}

function unmatched({ method }: FastifyRequest, allow: string[]): DomainError {
  if (allow.length === 0) {
    return routeNotFound();
  }
  return methodNotAllowed(method, allow);
}

function isForm({ headers }: FastifyRequest): boolean {
  return /^multipart\//i.test(headers['content-type'] ?? '');
}

function isUrlForm({ headers }: FastifyRequest): boolean {
  return /^application\/x-www-form-urlencoded/i.test(headers['content-type'] ?? '');
}

function isScim({ headers }: FastifyRequest): boolean {
  return /^application\/scim\+json/i.test(headers['content-type'] ?? '');
}

/** Errors that come before any route or hook: a path that is not properly encoded or too long. */
export function frameworkErrorHandler({
  observe,
  logger,
}: {
  observe: HttpMetrics;
  logger: Logger;
}) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const { id: requestId, method } = request;
    const { problem, headers } = answerTo(error, { requestId, url: '/' });
    const { status, code } = problem;
    tellRefusal(logger, 'request', { requestId, method, status, code }, error);
    observe.refused(code);
    void reply
      .code(status)
      .headers({ ...securityHeaders('/api/'), ...headers, 'x-request-id': requestId })
      .type(PROBLEM_TYPE)
      .send(JSON.stringify(problem));
  };
}
