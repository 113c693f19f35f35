import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { limits } from '../../kernel/limits.js';
import type { ClientErrorHandler } from './client-error.js';
import { isForStrangers } from './route-facts.js';

/**
 * Ends a request whose body is sent drop by drop. The server's own deadline has to leave room for the
 * upload of an artifact; a JSON body is small. The intake of forms keeps a watch of its own.
 */
export function watchBody(request: FastifyRequest, answer: ClientErrorHandler): void {
  const { raw } = request;
  const { config } = request.routeOptions;
  const hasBody =
    Number(raw.headers['content-length'] ?? 0) > 0 || 'transfer-encoding' in raw.headers;
  if (!hasBody || raw.complete || config.takesForm) return;
  const ms = isForStrangers(config) ? limits.publicBodyArrivesMs : limits.bodyArrivesMs;
  const timer = setTimeout(() => cut(raw, answer), ms);
  raw.once('end', () => clearTimeout(timer));
  raw.once('close', () => clearTimeout(timer));
}

function cut({ complete, socket }: IncomingMessage, answer: ClientErrorHandler): void {
  // A request that was handed in within the process has nothing to end.
  if (complete || !(socket instanceof Socket) || socket.destroyed) return;
  const late = Object.assign(new Error('the body is late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
  answer(late, socket);
  // The sender may go on for as long as it likes; nobody listens any more.
  socket.destroySoon();
}
