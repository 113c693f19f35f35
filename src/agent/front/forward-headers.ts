import type { IncomingMessage } from 'node:http';

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

/** True for a peer whose word about the client is believed. */
export type Trust = (address: string) => boolean;

export function requestHeaders(request: IncomingMessage, trust: Trust): string[] {
  const { rawHeaders, socket, headers } = request;
  const peer = plainAddress(socket.remoteAddress);
  const isTrusted = trust(peer);
  const named = namedByConnection(headers.connection);
  const forwarded: string[] = [];
  const clients: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || named?.has(lower)) continue;
    if (lower === 'forwarded' || lower.startsWith('x-forwarded-')) {
      if (!isTrusted) continue;
      if (lower === 'x-forwarded-for') {
        clients.push(rawHeaders[index + 1]!);
        continue;
      }
    }
    forwarded.push(name, rawHeaders[index + 1]!);
  }
  clients.push(peer);
  forwarded.push('X-Forwarded-For', clients.join(', '));
  if (!isTrusted || headers['x-forwarded-proto'] === undefined) {
    forwarded.push('X-Forwarded-Proto', 'http');
  }
  if (headers.host !== undefined && (!isTrusted || headers['x-forwarded-host'] === undefined)) {
    forwarded.push('X-Forwarded-Host', headers.host);
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

/** An IPv4 client on a dual-stack socket shows as `::ffff:192.0.2.1`. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
