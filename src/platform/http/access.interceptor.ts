import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { ACCESS_METADATA } from './access.js';
import type { Access } from './access-rule.js';
import { forbidden, unauthenticated } from './http.errors.js';

/**
 * The second lock. Guards find out who asks; this runs after all of them and lets nobody through
 * whom the handler's access decorator does not name, even if a guard was forgotten or let slip.
 */
export class AccessInterceptor implements NestInterceptor {
  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (execution.getType() === 'http') {
      const access = Reflect.getMetadata(ACCESS_METADATA, execution.getHandler()) as
        Access | undefined;
      check(access, execution.switchToHttp().getRequest<FastifyRequest>());
    }
    return next.handle();
  }
}

function check(access: Access | undefined, { context }: FastifyRequest): void {
  if (access?.kind === 'public') return;
  if (!context) {
    throw unauthenticated();
  }
  switch (access?.kind) {
    case 'authenticated':
      return;
    case 'permission':
      return context.require(access.permission);
    case 'person':
      if (context.actor.kind === 'user') return;
      break;
    case 'agent':
      if (context.actor.kind === 'node') return;
      break;
    case 'directory':
      if (context.actor.kind === 'directory') return;
  }
  throw forbidden();
}
