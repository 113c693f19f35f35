import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../logging/logger.js';
import { answerTo, PROBLEM_TYPE } from './problem.js';

/** Every error of every route leaves through here: guards, pipes, parsers, handlers, unknown paths. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const http = host.switchToHttp();
    sendProblem(
      error,
      http.getRequest<FastifyRequest>(),
      http.getResponse<FastifyReply>(),
      this.logger,
    );
  }
}

export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): void {
  const { problem, headers } = answerTo(error, { requestId: request.id, url: request.url });
  const { status, code } = problem;
  const line = {
    requestId: request.id,
    method: request.method,
    path: problem.instance,
    status,
    code,
  };
  if (status === 500) logger.error({ ...line, error }, 'a request failed by a mistake of ours');
  else if (status === 503) logger.warn({ ...line, error }, 'a request could not be served');
  else logger.info(line, 'a request was refused');
  // A stream that broke half way has no place for an answer any more.
  if (reply.sent || reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  void reply.code(status).headers(headers).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}
