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

/** Neither do these mean anything behind a body. */
const NEVER_LATE = new Set([
  ...NEVER_DROPPED,
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'location',
  'range',
  'set-cookie',
  'www-authenticate',
]);

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
    // Trailers of an answer are passed, so whoever asks for them may be told.
    if (lower === 'te' && namesTrailers(value)) forwarded.push('TE', 'trailers');
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

/**
 * The response's headers, flat, from the raw buffers of the upstream connection. Throws for a transfer
 * coding besides chunked: whoever got the body without its name could not read it.
 */
export function responseHeaders(raw: readonly (Buffer | string)[], kind?: AnswerKind): string[] {
  const kept: string[] = [];
  let named: Set<string> | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    const name = textAt(raw, index).toLowerCase();
    if (name === 'connection') named = namedByConnection(textAt(raw, index + 1), named);
    else if (name === 'transfer-encoding' && !isChunked(textAt(raw, index + 1))) {
      throw new Error('the answer has a transfer coding besides chunked');
    }
  }
  for (let index = 0; index < raw.length; index += 2) {
    const name = textAt(raw, index);
    const lower = name.toLowerCase();
    if (lower === 'trailer' && kind?.hasTrailers) kept.push(name, textAt(raw, index + 1));
    if (HOP_BY_HOP.has(lower) || named?.has(lower)) continue;
    // RFC 9110, section 8.6: nothing follows, and who believes it would wait.
    if (lower === 'content-length' && kind?.isWithoutContent) continue;
    kept.push(name, textAt(raw, index + 1));
  }
  return kept;
}

export interface AnswerKind {
  /** It ends with the chunk of size 0, behind which there is room for fields. */
  readonly hasTrailers: boolean;
  /** 1xx and 204. */
  readonly isWithoutContent: boolean;
}

/**
 * The fields behind a body. Dropped is what decides where a message ends, whose it is and how it is
 * read: a field that comes so late must not change that (RFC 9110, section 6.5.1).
 */
export function trailerFields(raw: readonly (Buffer | string)[]): [string, string][] {
  const fields: [string, string][] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = textAt(raw, index);
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || NEVER_LATE.has(lower)) continue;
    if (isClaim(lower) || isClaimInDisguise(lower)) continue;
    fields.push([name, textAt(raw, index + 1)]);
  }
  return fields;
}

/** Behind a chunked answer to a client that knows them. */
export function mayHaveTrailers(
  { httpVersion, method }: IncomingMessage,
  raw: readonly (Buffer | string)[],
): boolean {
  if (httpVersion === '1.0' || method === 'HEAD') return false;
  for (let index = 0; index < raw.length; index += 2) {
    if (raw[index]!.length === 14 && textAt(raw, index).toLowerCase() === 'content-length') {
      return false;
    }
  }
  return true;
}

/** In UTF-8 it is legal; Node writes Latin-1 only and throws on the rest. */
export function reasonPhrase(message: string | undefined): string {
  return message === undefined || /[^\t\x20-\x7e\x80-\xff]/.test(message) ? '' : message;
}

/** A member of `TE`, with or without a weight. */
function namesTrailers(value: string): boolean {
  return value.split(',').some((each) => each.split(';')[0]!.trim().toLowerCase() === 'trailers');
}

function isChunked(value: string): boolean {
  return value.trim().toLowerCase() === 'chunked';
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
