import type { IncomingMessage } from 'node:http';
import type { GatewayMetadata } from '@nestjs/websockets';
import { limits } from '../../kernel/limits.js';
import { WEB_SOCKET_PATH } from '../../platform/http/create-http-app.js';

/** A connection that never names a namespace, or never shows a token, is closed after this. */
const CONNECT_TIMEOUT_MS = 10_000;
/** A peer that vanished without a word is found after interval + timeout: within 45 s. */
const PING_INTERVAL_MS = 20_000;
const PING_TIMEOUT_MS = 20_000;

/**
 * WebSocket only: long polling would need sticky sessions. Recovery of a connection's state stays
 * off (its default): it would let a socket back in without a look at its token.
 */
export const hubOptions: GatewayMetadata = {
  path: WEB_SOCKET_PATH,
  transports: ['websocket'],
  allowUpgrades: false,
  serveClient: false,
  maxHttpBufferSize: limits.socketMessageBytes,
  connectTimeout: CONNECT_TIMEOUT_MS,
  pingInterval: PING_INTERVAL_MS,
  pingTimeout: PING_TIMEOUT_MS,
  allowRequest: (request: IncomingMessage, decide) => {
    const isAllowed = isSameOrigin(request);
    decide(isAllowed ? null : 'a page of another origin may not open a socket', isAllowed);
  },
};

/**
 * Browsers always say where a page is from, and cookies or not, a foreign page has no business
 * here. Programs send no Origin: the token is their proof.
 */
export function isSameOrigin({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  try {
    return host !== undefined && new URL(origin).host === new URL(`http://${host}`).host;
  } catch {
    return false;
  }
}
