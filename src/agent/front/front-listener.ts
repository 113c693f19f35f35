import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import {
  answerUpgradeOffers,
  offersWebSocket,
  type UpgradeOffer,
} from '../../kernel/upgrade-offers.js';
import { takeAbsoluteForm } from './absolute-form.js';
import { Exchange, type FrontContext } from './exchange.js';
import { frontLimits } from './front-limits.js';
import { keepHalfClosed } from './half-closed.js';
import { answer } from './own-answer.js';
import { inTurn } from './pipeline.js';
import { refusalOf } from './request-check.js';
import type { Route, RouteHolder } from './route.js';
import { responseOn, UpgradeExchange } from './upgrade-exchange.js';

/** One port of the node. Its route is exchanged under the requests in flight, never the server. */
export class FrontListener implements RouteHolder {
  route: Route | undefined;
  isClosing = false;
  private readonly server: Server;
  /** Settles when the last client connection is gone, after stopAccepting(). */
  readonly closed: Promise<void>;

  constructor(
    readonly port: number,
    private readonly context: FrontContext,
  ) {
    this.server = createServer({
      // A limit on the whole request would cut steady slow uploads; the idle limit does not.
      requestTimeout: 0,
      headersTimeout: frontLimits.headersTimeoutMs,
      connectionsCheckingInterval: frontLimits.connectionsCheckingIntervalMs,
      keepAliveTimeout: frontLimits.clientKeepAliveMs,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
    });
    this.server.maxHeadersCount = frontLimits.requestHeaders + 1;
    this.server.timeout = frontLimits.clientIdleMs;
    this.server.on('request', (request, response) => this.serve(request, response));
    // Without a listener Node answers 100 itself; whether a body is wanted the service must say.
    this.server.on('checkContinue', (request, response) => this.serve(request, response));
    keepHalfClosed(this.server, this.context.clock);
    answerUpgradeOffers(this.server, (offer) => this.upgrade(offer));
    // Each pipelined request listens for the end of their connection.
    this.server.on('connection', (socket) => socket.setMaxListeners(0));
    this.closed = new Promise((resolve) => this.server.once('close', resolve));
  }

  get isListening(): boolean {
    return this.server.listening;
  }

  /** The descriptor of the listening socket, for a successor; Node has no public word for it. */
  get descriptor(): number {
    return (this.server as unknown as { _handle: { fd: number } })._handle.fd;
  }

  /** `inherited`: the descriptor of a socket that a predecessor has opened. */
  listen(host: string, inherited?: number): Promise<void> {
    const { server } = this;
    return new Promise((resolve, reject) => {
      const onListening = () => {
        server.off('error', onError);
        // A failed accept (no descriptors left) is not the end of the listener.
        server.on('error', () => undefined);
        resolve();
      };
      const onError = (error: Error) => {
        server.off('listening', onListening);
        reject(error);
      };
      server.once('error', onError);
      server.once('listening', onListening);
      const { backlog } = frontLimits;
      // As an argument: Node ignores `backlog` in the options when a descriptor is given.
      if (inherited !== undefined) server.listen({ fd: inherited }, backlog);
      else server.listen({ port: this.port, host, backlog, exclusive: true });
    });
  }

  /** Lets connections be: http's own close() would cut idle ones under a client's next request. */
  stopAccepting(): void {
    this.isClosing = true;
    if (this.server.listening) NetServer.prototype.close.call(this.server);
  }

  closeIdle(): void {
    this.server.closeIdleConnections();
  }

  closeAll(): void {
    this.server.closeAllConnections();
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    inTurn(request, response, () => Exchange.serve(this.context, this, request, response));
  }

  private upgrade({ request, socket, head }: UpgradeOffer): boolean {
    if (!offersWebSocket(request)) return false;
    takeAbsoluteForm(request);
    const refusal = refusalOf(request);
    if (refusal === undefined) {
      new UpgradeExchange(this.context, this, request, socket, head).start();
      return true;
    }
    socket.on('error', () => socket.destroy());
    answer(responseOn(request, socket), { status: 400, text: refusal, close: true });
    return true;
  }
}
