import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Clock } from '../../kernel/clock.js';
import type { HasAddress } from '../../kernel/networks.js';
import { requestHeaders, responseHeaders } from './forward-headers.js';
import type { Outcome } from './instance-counters.js';
import { answer } from './own-answer.js';
import { RequestBody } from './request-body.js';
import { hasBody, refusalOf } from './request-check.js';
import { RetryPolicy } from './retry-policy.js';
import type { RouteHolder } from './route.js';
import type { InFlight, Upstream } from './upstream.js';

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

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    this.isSent = true;
    if (this.isOver) controller.abort(new Error('the client left'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _: object,
    message?: string,
  ): void {
    // 1xx: Node has sent its own 100 already, and the others are hints.
    if (status < 200 || this.isOver) return;
    const headers = responseHeaders(controller.rawHeaders as Buffer[]);
    if (this.holder.isClosing) headers.push('Connection', 'close');
    const { response } = this;
    response.on('drain', () => controller.resume());
    try {
      response.writeHead(status, isLatin1(message) ? message : '', headers);
    } catch {
      // Headers that Node refuses to write: the instance's fault, and no better elsewhere.
      this.fail(502);
      controller.abort(new Error('the answer had malformed headers'));
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.isOver && !this.response.write(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    if (this.isOver) return;
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
    } else if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
      this.release();
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
    const { controller } = this;
    this.finish('cut');
    controller?.abort(new Error('cut: the time to drain is up'));
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
      });
    if (next === undefined) {
      this.fail(502);
      return;
    }
    failed.counters.retries += 1;
    if (next.upstream !== failed) failed.end(this);
    this.attempt(next.upstream, next.fresh);
  }

  private fail(status: 502 | 504): void {
    this.finish('frontErrors');
    answer(this.response, { status, close: this.holder.isClosing });
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
    if (isGivenUp) upstream!.counters.abandon(this.context.clock.monotonic() - this.startedMs);
    controller?.abort(new Error('the client left'));
    this.response.destroy();
  }

  /** Nothing moved for a while. It counts against a client only if it is the client's turn. */
  private onClientIdle(): void {
    const { response, request } = this;
    if (response.writableNeedDrain || this.isClientsTurn) response.destroy();
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

/** A reason phrase in UTF-8 is legal; Node writes Latin-1 only and throws on the rest. */
function isLatin1(message: string | undefined): message is string {
  return message !== undefined && !/[^\t\x20-\x7e\x80-\xff]/.test(message);
}
