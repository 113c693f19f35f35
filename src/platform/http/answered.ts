import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.js';
import type { Logger } from '../logging/logger.js';
import type { HttpMetrics } from '../metrics/http.metrics.js';
import type { RequestMeter } from './request-meter.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What its connection had sent before. */
    sentBefore?: number;
  }
}

interface Parts {
  readonly observe: HttpMetrics;
  readonly logger: Logger;
  readonly accessLog: Config['accessLog'];
}

/**
 * What becomes of a request that was answered: metrics, the access log, whoever meters. The log has a
 * line for each request of somebody known, with the template of its route and never the path or the
 * query, which may hold anything. Of strangers it has one at `debug` only: they come as often as they like.
 */
export class Answered {
  private meter: RequestMeter | undefined;

  constructor(private readonly parts: Parts) {}

  meterWith(meter: RequestMeter): void {
    this.meter = meter;
  }

  begin(request: FastifyRequest): void {
    request.sentBefore = sentBy(request);
  }

  end(request: FastifyRequest, reply: FastifyReply, scope: object): void {
    const { method, context: ctx } = request;
    const { statusCode: status, elapsedTime: ms } = reply;
    const route = request.is404 ? undefined : request.routeOptions.url;
    this.parts.observe.answered({ method, route, status, seconds: ms / 1_000 });
    const line = { ...scope, method, route: route ?? 'unmatched', status, ms: Math.round(ms) };
    if (!ctx || route === undefined) {
      this.parts.logger.debug(line, 'answered');
      return;
    }
    const sentBytes = Math.max(0, sentBy(request) - (request.sentBefore ?? 0));
    const { kind } = ctx.actor;
    if (this.isLogged(kind)) {
      this.parts.logger.record({ ...line, principal: kind, bytes: sentBytes }, 'answered');
    }
    const { params, body } = request;
    this.meter?.answered({ ctx, method, route, params, body, status, ms, sentBytes });
  }

  private isLogged(kind: string): boolean {
    const { accessLog } = this.parts;
    return accessLog === 'all' || (accessLog === 'without-nodes' && kind !== 'node');
  }
}

/** One request at a time is answered on a connection, so the difference is what one has cost. */
function sentBy({ raw }: FastifyRequest): number {
  return raw.socket?.bytesWritten ?? 0;
}
