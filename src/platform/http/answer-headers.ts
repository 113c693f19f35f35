import {
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';

/** What stands in the headers of an answer, said from its body. */
export type HeadersOf<A> = (answer: A) => Readonly<Record<string, string>>;

class AnswerHeadersInterceptor<A> implements NestInterceptor<A, A> {
  constructor(private readonly headersOf: HeadersOf<A>) {}

  intercept(execution: ExecutionContext, next: CallHandler<A>): Observable<A> {
    const reply = execution.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      map((answer) => {
        void reply.headers(this.headersOf(answer));
        return answer;
      }),
    );
  }
}

/** So that a handler needs no reply in its hand to say where the thing is, or which version it has. */
export const AnswerHeaders = <A>(headersOf: HeadersOf<A>): MethodDecorator =>
  UseInterceptors(new AnswerHeadersInterceptor(headersOf));
