/**
 * A client that ends its side after a request may still read the answer (`nc -N`, old scripts). Or it
 * has gone: both look alike until something is written. So its request goes on, and the connection is
 * given up once nothing has moved on it for a while.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../kernel/clock.js';
import { frontLimits } from './front-limits.js';

const endedAt = new WeakMap<Socket, number>();

export function keepHalfClosed(server: Server, clock: Clock): void {
  // Node's own, without a word in its documentation; otherwise it ends the connection at once.
  (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
  server.on('connection', (socket: Socket) => {
    socket.once('end', () => {
      endedAt.set(socket, clock.monotonic());
      socket.setTimeout(frontLimits.halfClosedMs);
    });
  });
}

/** When the client ended its side; undefined: it has not. */
export function clientEndedAt(socket: Socket): number | undefined {
  return endedAt.get(socket);
}
