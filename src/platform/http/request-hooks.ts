import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../kernel/errors.js';
import { withLogScope, type LogScope } from '../logging/log-scope.js';
import type { Logger } from '../logging/logger.js';
import { httpMetrics } from '../metrics/http.metrics.js';
import type { Metrics } from '../metrics/metrics.js';
import { AllowedMethods } from './allowed-methods.js';
import { answerTo } from './problem.js';
import { traceOf } from './request-identity.js';
import { securityHeaders } from './security-headers.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The W3C trace that the request belongs to. */
    traceId?: string;
  }
}

/** What every request passes before and after Nest: ids, headers, log scope, 405, metrics. */
export function addRequestHooks(
  server: FastifyInstance,
  { metrics, logger }: { metrics: Metrics; logger: Logger },
): void {
  const observe = httpMetrics(metrics);
  const allowed = new AllowedMethods();
  server.addHook('onRoute', (route) => allowed.add(route.url, route.method));

  server.addHook('onRequest', (request, reply, done) => {
    const trace = traceOf(request.headers.traceparent);
    request.traceId = trace.traceId;
    void reply.headers({
      ...securityHeaders(request.url),
      'x-request-id': request.id,
      traceparent: trace.traceparent,
    });
    withLogScope(
      () => scopeOf(request),
      () => {
        const methods = request.is404 ? allowed.of(request.url) : [];
        if (methods.length === 0) return done();
        done(notAllowed(request.method, methods));
      },
    );
  });

  // Reading the body ends the scope that onRequest opened: its events come from the socket.
  server.addHook('preValidation', (request, _reply, done) => {
    withLogScope(() => scopeOf(request), done);
  });

  server.addHook('onResponse', (request, reply, done) => {
    const seconds = reply.elapsedTime / 1000;
    const route = request.is404 ? undefined : request.routeOptions.url;
    const { method } = request;
    observe({ method, route, status: reply.statusCode, seconds });
    const line = { method, route: route ?? 'unmatched', status: reply.statusCode };
    logger.debug({ ...scopeOf(request), ...line, ms: Math.round(reply.elapsedTime) }, 'answered');
    done();
  });
}

function scopeOf(request: FastifyRequest): LogScope {
  const { id: requestId, traceId, context } = request;
  return {
    requestId,
    ...(traceId ? { traceId } : {}),
    ...(context ? { tenantId: context.tenantId, actor: context.actor.name } : {}),
  };
}

function notAllowed(method: string, allow: string[]): DomainError {
  return new DomainError(
    'invalid',
    'method-not-allowed',
    `This path does not take ${method.slice(0, 20)}. It takes ${allow.join(', ')}.`,
    { details: { allow } },
  );
}

/** Errors that come before any route or hook: a path that is not properly encoded or too long. */
export function answerFrameworkError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { problem, headers } = answerTo(error, { requestId: request.id, url: '/' });
  void reply
    .code(problem.status)
    .headers({ ...securityHeaders('/api/'), ...headers, 'x-request-id': request.id })
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem));
}
