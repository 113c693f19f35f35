import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../logging/logger.js';
import type { HttpMetrics } from '../metrics/http.metrics.js';
import { clientAddressOf } from './client-address.js';
import { CLIENT_GONE_STATUS, isClientGone } from './client-gone.js';
import { answerTo, PROBLEM_TYPE } from './problem.js';
import { isScim, SCIM_TYPE, scimErrorOf } from './scim-error.js';
import { tellRefusal } from './tell-refusal.js';

/** Every error of every route leaves through here: guards, pipes, parsers, handlers, unknown paths. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly metrics?: HttpMetrics,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (isClientGone(error, request)) this.leave(request, reply);
    else this.answer(error, request, reply);
  }

  private answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { problem, headers } = answerTo(error, { requestId: request.id, url: request.url });
    const { status, code, instance: path } = problem;
    const { id: requestId, method } = request;
    const address = clientAddressOf(request);
    tellRefusal(this.logger, 'request', { requestId, method, path, address, status, code }, error);
    this.metrics?.refused(code);
    // A stream that broke half way has no place for an answer any more.
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    void reply.code(status).headers(headers);
    if (isScim(request.url)) {
      void reply.type(SCIM_TYPE).send(JSON.stringify(scimErrorOf(problem)));
      return;
    }
    const more = request.routeOptions.config.tellsProblem?.(problem);
    const body = JSON.stringify(more ? { ...problem, ...more } : problem);
    void reply.type(PROBLEM_TYPE).send(body);
  }

  private leave({ id: requestId, method }: FastifyRequest, reply: FastifyReply): void {
    this.logger.debug({ requestId, method }, 'a client went away');
    this.metrics?.clientGone();
    reply.code(CLIENT_GONE_STATUS);
    reply.raw.destroy();
  }
}
