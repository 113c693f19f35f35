/**
 * Requests that a client sends without waiting for the answers before. Safe ones run side by side;
 * anything else waits until all before it are answered, and all behind it wait for it (RFC 9112,
 * 9.3.2): a POST and the GET behind it would otherwise reach the service in any order.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { frontLimits } from './front-limits.js';
import { answer } from './own-answer.js';

interface Place {
  readonly response: ServerResponse;
  readonly isSafe: boolean;
  /** How many of the connection stand before it, waiting. */
  readonly behind: number;
  isWaiting: boolean;
  /** What may begin as soon as it does. */
  beside: (() => void) | undefined;
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const lastOf = new WeakMap<Socket, Place>();

/** Calls `start` now or when it is this request's turn; never when its client has left before. */
export function inTurn(
  request: IncomingMessage,
  response: ServerResponse,
  start: () => void,
): void {
  const { socket } = request;
  const before = lastOf.get(socket);
  const isSafe = SAFE.has(request.method!);
  const isBeside = isSafe && before?.isSafe === true;
  const isFree = before === undefined || before.response.closed;
  const isWaiting = !isFree && (before.isWaiting || !isBeside);
  const behind = isWaiting ? before.behind + 1 : 0;
  const place: Place = { response, isSafe, behind, isWaiting, beside: undefined };
  lastOf.set(socket, place);
  if (!isWaiting) {
    start();
    return;
  }
  if (behind > frontLimits.pipelinedWaiting) {
    answer(response, { status: 503, text: TOO_MANY, close: true });
    return;
  }
  const begin = () => {
    place.isWaiting = false;
    if (socket.destroyed) return;
    start();
    place.beside?.();
  };
  if (isBeside) before.beside = begin;
  // Answers leave in order: when the one before has gone, so have all.
  else before.response.once('close', begin);
}

const TOO_MANY =
  'Too many requests at once on one connection. Wait for answers before you send more.';
