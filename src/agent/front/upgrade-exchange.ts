import {
  request as httpRequest,
  ServerResponse,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { FrontContext } from './exchange.js';
import { requestHeaders, responseHeaders } from './forward-headers.js';
import { frontLimits } from './front-limits.js';
import type { Outcome } from './instance-counters.js';
import { answer } from './own-answer.js';
import type { RouteHolder } from './route.js';
import type { InFlight, Upstream } from './upstream.js';

/**
 * A WebSocket: the handshake is in flight like a request; after 101 the two sockets are piped and
 * counted apart, through every swap, until one side closes. The front never ends one by itself
 * while draining: it cannot insert a close frame, but the module can.
 */
export class UpgradeExchange implements InFlight {
  private readonly startedMs: number;
  private upstream: Upstream | undefined;
  private attemptRequest: ClientRequest | undefined;
  private neverSent = 0;
  private isOver = false;
  private isAnswered = false;
  private readonly early: Buffer[] = [];
  private earlyBytes = 0;
  private readonly onClientClosed = () => this.leave(!this.isAnswered);
  private readonly onEarlyData = (chunk: Buffer) => {
    // A client waits for the 101; one that floods instead is cut.
    this.earlyBytes += chunk.length;
    if (this.earlyBytes > frontLimits.earlyBytes) {
      this.leave(false);
      this.client.destroy();
    } else this.early.push(chunk);
  };
  private readonly onEarlyEnd = () => this.client.destroy();

  constructor(
    private readonly context: FrontContext,
    private readonly holder: RouteHolder,
    private readonly request: IncomingMessage,
    private readonly client: Socket,
    head: Buffer,
  ) {
    if (head.length > 0) this.early.push(head);
    this.startedMs = context.clock.monotonic();
  }

  start(): void {
    this.client.on('error', () => this.client.destroy());
    const first = this.holder.route?.pick();
    if (first === undefined) {
      answer(responseOn(this.request, this.client), { status: 503, close: true });
      return;
    }
    // Somebody must read, or the end of a client that leaves during the handshake is never seen.
    this.client.on('data', this.onEarlyData);
    this.client.once('end', this.onEarlyEnd);
    this.client.once('close', this.onClientClosed);
    this.attempt(first);
  }

  cut(): void {
    if (this.isOver) return;
    this.attemptRequest?.destroy();
    this.fail('cut', 502);
  }

  private attempt(upstream: Upstream): void {
    this.upstream = upstream;
    upstream.begin(this);
    let isSent = false;
    const outgoing = httpRequest({
      host: '127.0.0.1',
      port: upstream.identity.port,
      method: 'GET',
      path: this.request.url,
      headers: [
        ...requestHeaders(this.request, this.context.isTrusted),
        'Connection',
        'Upgrade',
        'Upgrade',
        'websocket',
      ],
      agent: false,
      maxHeaderSize: frontLimits.answerHeaderBytes,
      setHost: false,
    });
    this.attemptRequest = outgoing;
    outgoing.setTimeout(this.holder.route!.definition.headersTimeoutMs, () => {
      if (this.isOver || this.attemptRequest !== outgoing) return;
      this.fail('frontErrors', 504);
      outgoing.destroy();
    });
    outgoing.on('socket', (socket) => socket.once('connect', () => (isSent = true)));
    outgoing.on('upgrade', (response, socket, head) => this.join(response, socket, head));
    outgoing.on('response', (response) => this.relay(response));
    outgoing.on('error', () => {
      if (!this.isOver && this.attemptRequest === outgoing) this.retryOrFail(isSent);
    });
    outgoing.end();
  }

  private retryOrFail(isSent: boolean): void {
    const { route } = this.holder;
    const failed = this.upstream!;
    this.neverSent += 1;
    const mayRetry = !isSent && this.neverSent <= frontLimits.neverSentRetries;
    const next = mayRetry
      ? (route?.pick(failed) ?? (route?.has(failed) ? failed : undefined))
      : undefined;
    if (next === undefined) {
      this.fail('frontErrors', 502);
      return;
    }
    failed.counters.retries += 1;
    if (next !== failed) failed.end(this);
    this.attempt(next);
  }

  private join(response: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.isOver) {
      socket.destroy();
      return;
    }
    this.release();
    const { client } = this;
    const upstream = this.upstream!;
    const pair: InFlight = { cut: () => client.destroy() };
    upstream.websockets.add(pair);
    client.write(handshakeText(response));
    if (head.length > 0) client.write(head);
    client.off('data', this.onEarlyData);
    for (const chunk of this.early) socket.write(chunk);
    (socket as Socket).setTimeout(0);
    (socket as Socket).setNoDelay(true);
    client.setTimeout(0);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => client.destroySoon());
    client.once('close', () => {
      upstream.websockets.delete(pair);
      (socket as Socket).destroySoon();
    });
    if (client.destroyed) socket.destroy();
    socket.pipe(client);
    client.pipe(socket);
  }

  /** The module did not switch: its answer is an ordinary one, and the last on this connection. */
  private relay(incoming: IncomingMessage): void {
    if (this.isOver) {
      incoming.destroy();
      return;
    }
    this.isAnswered = true;
    this.attemptRequest?.setTimeout(0);
    incoming.on('error', () => undefined);
    const response = responseOn(this.request, this.client);
    const status = incoming.statusCode!;
    try {
      const kind = { hasTrailers: false, isWithoutContent: status === 204 };
      const headers = responseHeaders(incoming.rawHeaders, kind);
      response.writeHead(status, [...headers, 'Connection', 'close']);
    } catch {
      incoming.destroy();
      this.finish('frontErrors');
      answer(response, { status: 502, close: true });
      return;
    }
    incoming.pipe(response);
    incoming.once('end', () => {
      if (!this.isOver) this.finish(incoming.statusCode! >= 500 ? 'errors' : 'answered');
    });
    incoming.once('close', () => {
      if (this.isOver) return;
      this.finish('cut');
      this.client.destroy();
    });
  }

  private fail(outcome: Outcome, status: 502 | 504): void {
    this.finish(outcome);
    answer(responseOn(this.request, this.client), { status, close: true });
  }

  /** `isGivenUp`: it waited for an answer that did not begin. */
  private leave(isGivenUp: boolean): void {
    if (this.isOver) return;
    const { counters } = this.upstream!;
    counters.clientGone += 1;
    if (isGivenUp) counters.abandon(this.context.clock.monotonic() - this.startedMs);
    this.release();
    this.attemptRequest?.destroy();
  }

  private finish(outcome: Outcome): void {
    this.upstream!.counters.finish(outcome, this.context.clock.monotonic() - this.startedMs);
    this.release();
  }

  private release(): void {
    this.isOver = true;
    this.client.off('close', this.onClientClosed);
    this.client.off('end', this.onEarlyEnd);
    this.upstream!.end(this);
  }
}

/** Node has let go of an upgraded connection; this speaks HTTP on it once more, for one answer. */
export function responseOn(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => socket.destroySoon());
  return response;
}

function handshakeText(response: IncomingMessage): string {
  const { rawHeaders } = response;
  let lines = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
  const headers = responseHeaders(rawHeaders);
  for (let index = 0; index < headers.length; index += 2) {
    lines += `${headers[index]}: ${headers[index + 1]}\r\n`;
  }
  return `${lines}\r\n`;
}
