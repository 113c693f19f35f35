import type { IncomingMessage } from 'node:http';
import { plainAddress, type HasAddress } from '../../kernel/networks.js';
import { clientOf, forwardedElement, isClaim, isClaimInDisguise } from './client-claims.js';

/**
 * Builds the headers of the next hop from the raw ones: order and case are kept, what belongs to
 * one connection is dropped, and what tells about the client is ours to say.
 */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** `Connection` may not be used to strip what decides whose request this is, or where it ends. */
const NEVER_DROPPED = new Set(['host', 'content-length', 'cookie', 'authorization']);

/** `isTrusted`: of a peer's address, whether its word about the client is believed. */
export function requestHeaders(request: IncomingMessage, isTrusted: HasAddress): string[] {
  const { rawHeaders, socket, headers } = request;
  const peer = plainAddress(socket.remoteAddress ?? 'unknown');
  const isProxy = isTrusted(peer);
  const named = namedByConnection(headers.connection);
  const forwarded: string[] = [];
  const chain: string[] = [];
  const elements: string[] = [];
  const passed = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    const value = rawHeaders[index + 1]!;
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || named?.has(lower) || isClaimInDisguise(lower)) continue;
    if (!isClaim(lower)) {
      forwarded.push(name, value);
      continue;
    }
    if (!isProxy) continue;
    passed.add(lower);
    if (lower === 'x-forwarded-for') chain.push(value);
    else if (lower === 'forwarded') elements.push(value);
    else forwarded.push(name, value);
  }
  const { host } = headers;
  const before = chain.filter((each) => each !== '');
  forwarded.push('X-Forwarded-For', [...before, peer].join(', '));
  if (!passed.has('x-forwarded-proto')) forwarded.push('X-Forwarded-Proto', 'http');
  if (host !== undefined && !passed.has('x-forwarded-host')) {
    forwarded.push('X-Forwarded-Host', host);
  }
  if (!passed.has('x-real-ip')) {
    forwarded.push('X-Real-IP', clientOf(before, isTrusted) ?? peer);
  }
  if (elements.length > 0) {
    forwarded.push('Forwarded', [...elements, forwardedElement(peer, host)].join(', '));
  }
  return forwarded;
}

/** The response's headers, flat, from the raw buffers of the upstream connection. */
export function responseHeaders(raw: readonly (Buffer | string)[]): string[] {
  const kept: string[] = [];
  let named: Set<string> | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    if (textAt(raw, index).toLowerCase() === 'connection') {
      named = namedByConnection(textAt(raw, index + 1), named);
    }
  }
  for (let index = 0; index < raw.length; index += 2) {
    const name = textAt(raw, index);
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || named?.has(lower)) continue;
    kept.push(name, textAt(raw, index + 1));
  }
  return kept;
}

function textAt(raw: readonly (Buffer | string)[], index: number): string {
  const item = raw[index]!;
  return typeof item === 'string' ? item : item.toString('latin1');
}

function namedByConnection(value: string | undefined, into?: Set<string>): Set<string> | undefined {
  if (value === undefined || value === 'keep-alive' || value === 'close') return into;
  const names = into ?? new Set<string>();
  for (const token of value.toLowerCase().split(',')) {
    const name = token.trim();
    if (name !== '' && !NEVER_DROPPED.has(name)) names.add(name);
  }
  return names;
}
