import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { catchError, type Observable, throwError } from 'rxjs';
import { DeniedAttempts } from './denied-attempts.js';

/** Tells of what handlers refuse, behind the guard: what is out of somebody's scope. */
@Injectable()
export class DeniedInterceptor implements NestInterceptor {
  constructor(private readonly denied: DeniedAttempts) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (execution.getType() !== 'http') return next.handle();
    const request = execution.switchToHttp().getRequest<FastifyRequest>();
    return next.handle().pipe(
      catchError((error: unknown) => {
        this.denied.note(request, error);
        return throwError(() => error);
      }),
    );
  }
}
