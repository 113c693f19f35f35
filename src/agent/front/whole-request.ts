/**
 * A request that undici cannot send: one that asks before it uploads (`Expect: 100-continue`), or that
 * has fields behind its body. It goes by `node:http`, on a connection of its own, and is told to its
 * handler in undici's words, so that there is one Exchange for both.
 */
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Dispatcher } from 'undici';
import { frontLimits } from './front-limits.js';
import type { RequestBody } from './request-body.js';
import { UpstreamSocket } from './upstream-socket.js';

export interface WholeRequest {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  /** With those of the framing. */
  readonly headers: readonly string[];
  readonly headersTimeoutMs: number;
  readonly body: RequestBody;
  /** Known when the body has been read. */
  readonly trailers: () => [string, string][];
  /** Told when the instance wants the body; absent: it is sent at once. */
  readonly onContinue: (() => void) | undefined;
}

type Handler = Required<
  Pick<
    Dispatcher.DispatchHandler,
    'onRequestStart' | 'onResponseStart' | 'onResponseData' | 'onResponseEnd' | 'onResponseError'
  >
> & { onResponseStarted(): void };

export function dispatchWhole(whole: WholeRequest, handler: Handler): void {
  const { port, method, path, headers, headersTimeoutMs } = whole;
  const outgoing = httpRequest({
    host: '127.0.0.1',
    method,
    path,
    headers: headers as unknown as Record<string, string>,
    setHost: false,
    maxHeaderSize: frontLimits.answerHeaderBytes,
    createConnection: () => UpstreamSocket.connect(port, () => undefined),
  });
  const controller = new WholeController(outgoing);
  let isOver = false;
  const fail = (error: Error) => {
    if (isOver) return;
    isOver = true;
    handler.onResponseError(controller, named(error));
    outgoing.destroy();
  };
  outgoing.setTimeout(headersTimeoutMs, () => fail(coded('UND_ERR_HEADERS_TIMEOUT')));
  outgoing.on('socket', (socket) =>
    socket.once('connect', () => {
      handler.onRequestStart(controller, {});
      startBody(whole, outgoing, fail);
    }),
  );
  outgoing.on('error', fail);
  outgoing.on('information', ({ statusCode, rawHeaders, statusMessage }) => {
    handler.onResponseStarted();
    if (statusCode === 100 || isOver) return;
    controller.rawHeaders = rawHeaders;
    handler.onResponseStart(controller, statusCode, {}, statusMessage);
  });
  outgoing.on('response', (incoming) => {
    outgoing.setTimeout(0);
    handler.onResponseStarted();
    controller.take(incoming);
    incoming.on('error', fail);
    handler.onResponseStart(controller, incoming.statusCode!, {}, incoming.statusMessage);
    incoming.on('data', (chunk: Buffer) => handler.onResponseData(controller, chunk));
    incoming.once('end', () => {
      if (isOver) return;
      isOver = true;
      controller.rawTrailers = incoming.rawTrailers;
      handler.onResponseEnd(controller, {});
      outgoing.destroy();
    });
  });
}

function startBody(whole: WholeRequest, outgoing: ClientRequest, fail: (error: Error) => void) {
  const { body, trailers, onContinue } = whole;
  let isStarted = false;
  const start = () => {
    if (isStarted || outgoing.destroyed) return;
    isStarted = true;
    clearTimeout(timer);
    onContinue?.();
    void send(body, trailers, outgoing).catch(fail);
  };
  const timer = onContinue && setTimeout(start, frontLimits.continueWaitMs);
  const giveUp = () => {
    isStarted = true;
    clearTimeout(timer);
  };
  // A final answer without a 100 before it: the body is not wanted.
  outgoing.once('response', giveUp);
  outgoing.once('close', giveUp);
  outgoing.once('continue', start);
  if (onContinue === undefined) start();
}

async function send(
  body: RequestBody,
  trailers: WholeRequest['trailers'],
  outgoing: ClientRequest,
): Promise<void> {
  for await (const chunk of body) {
    if (outgoing.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      outgoing.once('drain', resolve);
      outgoing.once('close', resolve);
    });
  }
  outgoing.addTrailers(trailers());
  outgoing.end();
}

class WholeController {
  rawHeaders: string[] = [];
  rawTrailers: string[] = [];
  aborted = false;
  reason: Error | null = null;
  private incoming: IncomingMessage | undefined;

  constructor(private readonly outgoing: ClientRequest) {}

  get paused(): boolean {
    return this.incoming?.isPaused() ?? false;
  }

  take(incoming: IncomingMessage): void {
    this.incoming = incoming;
    this.rawHeaders = incoming.rawHeaders;
  }

  pause(): void {
    this.incoming?.pause();
  }

  resume(): void {
    this.incoming?.resume();
  }

  abort(reason: Error): void {
    this.aborted = true;
    this.reason = reason;
    this.outgoing.destroy();
  }
}

function named(error: Error): Error {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'HPE_HEADER_OVERFLOW' ? coded('UND_ERR_HEADERS_OVERFLOW') : error;
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}
