/**
 * A client that ends its side right after a request may still read the answer (`nc -N`, old scripts),
 * so its request goes on, and the connection is given up once nothing has moved on it for a while.
 * Or it has gone: both look alike until something is written. Whoever ends it only after having
 * waited has lost patience; a release that hangs must be noticed by that, and at once.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../kernel/clock.js';
import { frontLimits } from './front-limits.js';
import { hasBody } from './request-check.js';

interface Asked {
  readonly response: ServerResponse;
  /** Since when the request was whole; undefined: it is not. */
  since: number | undefined;
}

const endedAt = new WeakMap<Socket, number>();
const lastAsked = new WeakMap<Socket, Asked>();

export function keepHalfClosed(server: Server, clock: Clock): void {
  // Node's own, without a word in its documentation; otherwise it ends the connection at once.
  (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
  const note = (request: IncomingMessage, response: ServerResponse) => {
    noteRequest(request, response, clock);
  };
  server.prependListener('request', note).prependListener('checkContinue', note);
  server.on('connection', (socket: Socket) => {
    socket.once('end', () => {
      const now = clock.monotonic();
      endedAt.set(socket, now);
      socket.setTimeout(hasLostPatience(socket, now) ? 1 : frontLimits.halfClosedMs);
    });
  });
}

/** When the client ended its side; undefined: it has not. */
export function clientEndedAt(socket: Socket): number | undefined {
  return endedAt.get(socket);
}

function noteRequest(request: IncomingMessage, response: ServerResponse, clock: Clock): void {
  const asked: Asked = { response, since: clock.monotonic() };
  lastAsked.set(request.socket, asked);
  if (request.complete || !hasBody(request)) return;
  asked.since = undefined;
  request.once('end', () => {
    asked.since = clock.monotonic();
  });
}

function hasLostPatience(socket: Socket, now: number): boolean {
  const asked = lastAsked.get(socket);
  if (asked?.since === undefined || asked.response.headersSent) return false;
  return now - asked.since >= frontLimits.halfCloseMs;
}
