import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIPv6, type LookupFunction } from 'node:net';
import { DomainError, messageOf } from '../../kernel/errors.js';
import { limits } from '../../kernel/limits.js';
import { ownVersion } from '../version.js';
import type { Destination } from './destination.js';
import {
  outboundAnswerUnusable,
  outboundUnreachable,
  type UnreachableReason,
} from './outbound.errors.js';

export interface PinnedRequest {
  readonly to: Destination;
  /** The only ones that it may connect to; nobody asks the name again. */
  readonly addresses: readonly string[];
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
  readonly maxBytes: number;
  /** Of more authorities than this process trusts anyway. */
  readonly ca?: string;
  readonly signal: AbortSignal;
}

export interface OutboundAnswer {
  readonly status: number;
  /** Lower-case names; of several with one name all, separated by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const USER_AGENT = `tidegate/${ownVersion()}`;

/**
 * One request over a connection of its own to one of these addresses, and its answer in full. The name stays
 * what the certificate is held against. Nothing is followed, unpacked, kept open or sent through a proxy.
 */
export function sendPinned(request: PinnedRequest): Promise<OutboundAnswer> {
  const { to, signal, body } = request;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(toldError(error, signal));
    const send = to.url.protocol === 'https:' ? requestHttps : requestHttp;
    const outgoing = send({ ...optionsOf(request), lookup: pinned(request.addresses) });
    outgoing.on('error', fail);
    // Another protocol, which nobody has asked for.
    outgoing.on('upgrade', (_incoming, socket) => {
      socket.destroy();
      fail(new Error('upgrade'));
    });
    outgoing.on('response', (incoming) => {
      readAnswer(incoming, request.maxBytes)
        .then(resolve, fail)
        // What is left of the answer is nobody's; its end may never come.
        .finally(() => outgoing.destroy());
    });
    outgoing.end(body ?? undefined);
  });
}

function optionsOf({ to, method, headers, body, ca, signal }: PinnedRequest) {
  const length = body === null ? {} : { 'content-length': String(body.length) };
  return {
    protocol: to.url.protocol,
    hostname: to.host,
    port: to.port,
    path: to.url.pathname + to.url.search,
    method,
    headers: {
      ...headers,
      ...length,
      host: to.url.host,
      'user-agent': USER_AGENT,
      'accept-encoding': 'identity',
      connection: 'close',
    },
    signal,
    // A new one each time: no connection of somebody else, and no proxy of the environment.
    agent: false as const,
    maxHeaderSize: limits.outboundHeaderBytes,
    insecureHTTPParser: false,
    // Said here, so that no variable of the environment can say otherwise.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2' as const,
    ...(ca === undefined ? {} : { ca }),
  };
}

/** Answers the checked addresses to whatever name is asked for. Not asked when the host is an address. */
function pinned(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_host, options, callback) => {
    if (options.all === true) callback(null, all);
    else callback(null, all[0]!.address, all[0]!.family);
  };
}

async function readAnswer(incoming: IncomingMessage, maxBytes: number): Promise<OutboundAnswer> {
  const status = incoming.statusCode ?? 0;
  const encoding = incoming.headers['content-encoding'] ?? 'identity';
  if (status >= 300 && status < 400) throw outboundAnswerUnusable('redirect', status);
  if (encoding.toLowerCase() !== 'identity') throw outboundAnswerUnusable('encoding', status);
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) {
    throw outboundAnswerUnusable('too-large', status);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw outboundAnswerUnusable('too-large', status);
    chunks.push(chunk);
  }
  if (!incoming.complete) throw outboundUnreachable('connection');
  return { status, headers: flat(incoming), body: Buffer.concat(chunks) };
}

function flat({ headers }: IncomingMessage): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value = '']) => [name, String(value)]);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** `CERT_HAS_EXPIRED`, `DEPTH_ZERO_SELF_SIGNED_CERT`, `ERR_TLS_CERT_ALTNAME_INVALID`, … */
const CERTIFICATE = /CERT|^UNABLE_TO_|^ERR_TLS_CERT/;

function toldError(error: unknown, signal: AbortSignal): Error {
  if (error instanceof DomainError) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  let reason: UnreachableReason = 'connection';
  if (signal.aborted) reason = 'late';
  else if (CERTIFICATE.test(code)) reason = 'certificate';
  return outboundUnreachable(reason, new Error(code || messageOf(error)));
}
