import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { catchError, type Observable, throwError } from 'rxjs';
import { DomainError } from '../../kernel/errors.js';
import { isId } from '../../kernel/ids.js';
import { DeniedAttempts } from './denied-attempts.js';
import { MissedIds } from './missed-ids.js';

/** Tells of what handlers refuse, behind the guard: what is out of somebody's scope. */
@Injectable()
export class DeniedInterceptor implements NestInterceptor {
  constructor(
    private readonly denied: DeniedAttempts,
    private readonly missed: MissedIds,
  ) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (execution.getType() !== 'http') return next.handle();
    const request = execution.switchToHttp().getRequest<FastifyRequest>();
    return next.handle().pipe(
      catchError((error: unknown) => {
        this.denied.note(request, error);
        if (request.context && isMissedId(request, error)) this.missed.note(request.context);
        return throwError(() => error);
      }),
    );
  }
}

/** Something that the path names by a well-formed id, and that is not theirs. */
function isMissedId({ params }: FastifyRequest, error: unknown): boolean {
  if (!(error instanceof DomainError) || error.kind !== 'not-found') return false;
  return Object.values(params as Record<string, unknown>).some(
    (value) => typeof value === 'string' && isId(value),
  );
}
