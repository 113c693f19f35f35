import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Clock } from '../../kernel/clock.js';
import type { HasAddress } from '../../kernel/networks.js';
import { takeAbsoluteForm } from './absolute-form.js';
import {
  mayHaveTrailers,
  reasonPhrase,
  requestHeaders,
  responseHeaders,
  trailerFields,
} from './forward-headers.js';
import { frontLimits } from './front-limits.js';
import { clientEndedAt } from './half-closed.js';
import type { Outcome } from './instance-counters.js';
import { writeInterim } from './interim-answer.js';
import { answer, UNREADABLE } from './own-answer.js';
import { RequestBody } from './request-body.js';
import { asksFirst, framingOf, hasBody, refusalOf } from './request-check.js';
import { RetryPolicy } from './retry-policy.js';
import type { Route, RouteHolder } from './route.js';
import type { InFlight, Upstream } from './upstream.js';
import { dispatchWhole } from './whole-request.js';

/** What all exchanges of a front share. */
export interface FrontContext {
  /** Of an address: may it tell about the client? */
  readonly isTrusted: HasAddress;
  readonly clock: Clock;
}

/**
 * One request of a client, from its headers to the last byte of the answer, through as many
 * attempts as `RetryPolicy` allows. It is in flight at exactly one instance at a time. Once the
 * first byte of an answer has gone to the client there is no second attempt: the client's
 * connection is cut, which is the only honest way to say "this is not the whole answer".
 */
export class Exchange implements Dispatcher.DispatchHandler, InFlight {
  private readonly startedMs: number;
  private readonly retries: RetryPolicy;
  private readonly body: RequestBody | null;
  private readonly headers: string[];
  private upstream: Upstream | undefined;
  private controller: Dispatcher.DispatchController | undefined;
  private isSent = false;
  private hasAnswerBegun = false;
  private interims = 0;
  private isOver = false;
  private readonly onClientClosed = () => {
    if (!this.isOver) this.leave();
  };

  static serve(
    context: FrontContext,
    holder: RouteHolder,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    takeAbsoluteForm(request);
    const refusal = refusalOf(request);
    if (refusal !== undefined) {
      // Where a request ends is in doubt here, so nothing more is read from this connection.
      answer(response, { status: 400, text: refusal, close: true });
      return;
    }
    new Exchange(context, holder, request, response).start();
  }

  private constructor(
    private readonly context: FrontContext,
    private readonly holder: RouteHolder,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
  ) {
    this.startedMs = context.clock.monotonic();
    this.headers = requestHeaders(request, context.isTrusted);
    this.body = hasBody(request) ? new RequestBody(request) : null;
    this.retries = new RetryPolicy(request.method!);
  }

  private start(): void {
    const first = this.holder.route?.pick();
    if (first === undefined) {
      answer(this.response, { status: 503, close: this.holder.isClosing });
      return;
    }
    // Of the connection: an answer that waits behind another one on it gets no event of its own.
    this.request.socket.once('close', this.onClientClosed);
    this.response.on('timeout', () => this.onClientIdle());
    this.attempt(first, false);
  }

  private attempt(upstream: Upstream, fresh: boolean): void {
    const definition = this.holder.route!.definition;
    this.upstream = upstream;
    this.controller = undefined;
    this.isSent = false;
    upstream.begin(this);
    if (this.body && (asksFirst(this.request) || this.request.headers.trailer !== undefined)) {
      this.attemptWhole(upstream, definition, this.body);
      return;
    }
    upstream.pool(fresh || definition.reuse === 'never').dispatch(
      {
        method: this.request.method as Dispatcher.HttpMethod,
        path: this.request.url!,
        headers: this.headers,
        body: this.body as unknown as null,
        headersTimeout: definition.headersTimeoutMs,
      },
      this,
    );
  }

  private attemptWhole(
    upstream: Upstream,
    definition: Route['definition'],
    body: RequestBody,
  ): void {
    const { request } = this;
    const whole = {
      port: upstream.identity.port,
      method: request.method!,
      path: request.url!,
      headers: [...this.headers, ...framingOf(request)],
      headersTimeoutMs: definition.headersTimeoutMs,
      body,
      trailers: () => trailerFields(request.rawTrailers),
      onContinue: asksFirst(request) ? () => this.response.writeContinue() : undefined,
    };
    dispatchWhole(whole, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    this.isSent = true;
    if (this.isOver) controller.abort(new Error('the client left'));
  }

  onResponseStarted(): void {
    this.hasAnswerBegun = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _: object,
    message?: string,
  ): void {
    if (this.isOver) return;
    const raw = controller.rawHeaders as Buffer[];
    const { request, response } = this;
    if (status < 200) {
      this.interims += 1;
      if (this.interims <= frontLimits.interimAnswers) writeInterim(request, response, status, raw);
      return;
    }
    const isWithoutBody = status === 204 || status === 304;
    response.on('drain', () => controller.resume());
    try {
      const hasTrailers = !isWithoutBody && mayHaveTrailers(request, raw);
      const headers = responseHeaders(raw, { hasTrailers, isWithoutContent: status === 204 });
      if (this.holder.isClosing) headers.push('Connection', 'close');
      response.writeHead(status, reasonPhrase(message), headers);
    } catch {
      // Headers that Node refuses to write: the instance's fault, and no better elsewhere.
      this.fail(502, UNREADABLE);
      controller.abort(new Error('the answer had malformed headers'));
      return;
    }
    // Whatever length they name is that of another answer; undici would wait for it.
    if (isWithoutBody) this.end();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.isOver && !this.response.write(chunk)) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.isOver) return;
    const raw = (controller.rawTrailers ?? []) as Buffer[];
    // Node leaves them away where the answer is not chunked.
    if (raw.length > 0) this.response.addTrailers(trailerFields(raw));
    this.end();
  }

  private end(): void {
    this.finish(this.response.statusCode >= 500 ? 'errors' : 'answered');
    this.response.end();
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.isOver) return;
    const code = (error as NodeJS.ErrnoException).code;
    if (this.response.headersSent) {
      this.finish('cut');
      this.response.destroy();
    } else if (this.request.destroyed && !this.request.complete) {
      this.leave();
    } else if (code === 'UND_ERR_HEADERS_OVERFLOW') {
      this.refuse();
      answer(this.response, {
        status: 502,
        text: `The service's answer has more than ${frontLimits.answerHeaderBytes / 1024} KiB of headers, which is not passed on.`,
        close: this.holder.isClosing,
      });
    } else if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
      this.refuse();
      answer(this.response, {
        status: 400,
        text: 'A header or the path is malformed.',
        close: true,
      });
    } else if (code === 'UND_ERR_HEADERS_TIMEOUT') {
      this.fail(504);
    } else {
      this.retryOrFail();
    }
  }

  /** Ends it by force: its time to drain is up, or the front itself must go. */
  cut(): void {
    if (this.isOver) return;
    this.finish('cut');
    this.controller?.abort(new Error('cut: the time to drain is up'));
    answer(this.response, { status: 502, close: this.holder.isClosing });
  }

  private retryOrFail(): void {
    const { route } = this.holder;
    const failed = this.upstream!;
    const next =
      route &&
      this.retries.next({
        route,
        failed,
        isSent: this.isSent,
        hasBodyStarted: this.body?.hasStarted ?? false,
        hasAnswerBegun: this.hasAnswerBegun,
      });
    if (next === undefined) {
      this.fail(502, this.hasAnswerBegun ? UNREADABLE : undefined);
      return;
    }
    failed.counters.retries += 1;
    if (next.upstream !== failed) failed.end(this);
    this.attempt(next.upstream, next.fresh);
  }

  private fail(status: 502 | 504, text?: string): void {
    this.finish('frontErrors');
    answer(this.response, { status, ...(text ? { text } : {}), close: this.holder.isClosing });
  }

  /** By a limit of the front: the instance has done nothing wrong. */
  private refuse(): void {
    this.upstream!.counters.refused += 1;
    this.release();
  }

  /**
   * The client went away: the instance is told. Before the answer has begun, and unless the client
   * broke off its own upload, it gave up waiting: the instance may hang, so the time is kept.
   */
  private leave(): void {
    const { controller, upstream } = this;
    const isGivenUp = !this.response.headersSent && !this.isClientsTurn;
    this.release();
    upstream!.counters.clientGone += 1;
    const leftAt = clientEndedAt(this.request.socket) ?? this.context.clock.monotonic();
    if (isGivenUp) upstream!.counters.abandon(Math.max(0, leftAt - this.startedMs));
    controller?.abort(new Error('the client left'));
    this.response.destroy();
  }

  /** Nothing moved for a while. It counts against a client only if it is the client's turn. */
  private onClientIdle(): void {
    const { response, request } = this;
    const hasEnded = clientEndedAt(request.socket) !== undefined;
    if (response.writableNeedDrain || this.isClientsTurn || hasEnded) response.destroy();
    else request.socket.setTimeout(request.socket.timeout ?? 0);
  }

  /** The rest of its upload is awaited. */
  private get isClientsTurn(): boolean {
    return !this.request.complete && this.body?.isWaiting === true;
  }

  private finish(outcome: Outcome): void {
    this.upstream!.counters.finish(outcome, this.context.clock.monotonic() - this.startedMs);
    this.release();
  }

  private release(): void {
    this.isOver = true;
    this.request.socket.off('close', this.onClientClosed);
    this.upstream!.end(this);
    this.body?.release();
  }
}
