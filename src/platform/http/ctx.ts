import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Context } from '../context.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the authentication guard; absent on public routes. */
    context?: Context;
  }
}

/** The caller's Context. Throws on a public route: there is no caller. */
export const Ctx = createParamDecorator((_: unknown, execution: ExecutionContext): Context => {
  const request = execution.switchToHttp().getRequest<FastifyRequest>();
  if (!request.context) throw new Error('no context: the route is public');
  return request.context;
});
