import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../../kernel/clock.js';
import { newId } from '../../../kernel/ids.js';
import { answerUpgradeOffers } from '../../../kernel/upgrade-offers.js';
import type { Listen } from '../../config/setting.js';
import type { Metrics } from '../../metrics/metrics.js';
import { tlsRequired } from '../listener.errors.js';
import { answerTo, PROBLEM_TYPE } from '../problem.js';
import { isPage, securityHeaders } from '../security-headers.js';
import { SlowReaders } from '../slow-readers.js';

interface Parts {
  /** Where the same is served by TLS: an origin, if somebody has said which. */
  readonly publicUrl: string | null;
  readonly tlsPort: number;
  readonly metrics: Metrics;
}

type Answering = Pick<Parts, 'publicUrl' | 'tlsPort'> & { readonly refused: () => void };

export interface PlainListener {
  readonly url: string;
  close(): Promise<void>;
}

const HTTPS_PORT = 443;
const TIMEOUT_MS = 10_000;

/**
 * The listener without TLS, beside one with it. It sends people on who have typed an address, and
 * refuses programs: sent on, they would show their token in clear again and again, and nobody noticed.
 */
export async function startPlainListener(listen: Listen, parts: Parts): Promise<PlainListener> {
  const counter = parts.metrics.counter({
    name: 'plain_requests_refused_total',
    help: 'Calls of the API that came without TLS: each may have shown a token to others.',
  });
  const answering = { ...parts, refused: () => counter.inc() };
  const server = createServer({ requestTimeout: TIMEOUT_MS }, (request, response) =>
    answer(request, response, answering),
  );
  new SlowReaders(systemClock, () => undefined).watch(server);
  answerUpgradeOffers(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, parts: Answering): void {
  const { method = 'GET', url = '/' } = request;
  // The body is not read: what it says has been overheard already.
  response.setHeader('connection', 'close');
  const target = isPage(url) && /^(GET|HEAD)$/.test(method) ? targetOf(request, parts) : null;
  if (target !== null) {
    response.writeHead(308, { ...securityHeaders(url), location: target }).end();
    return;
  }
  const requestId = newId();
  const { problem, headers } = answerTo(tlsRequired(), { requestId, url });
  parts.refused();
  response
    .writeHead(problem.status, {
      ...securityHeaders('/api/'),
      ...headers,
      'x-request-id': requestId,
      'content-type': PROBLEM_TYPE,
    })
    .end(JSON.stringify(problem));
}

/** Null: nowhere we know of. The name is what the client has typed, or what the operator has said. */
function targetOf({ headers, url = '/' }: IncomingMessage, parts: Answering): string | null {
  const { publicUrl, tlsPort } = parts;
  // A path that begins with two slashes would be another host.
  const path = url.startsWith('/') && !url.startsWith('//') ? url : '/';
  if (publicUrl?.startsWith('https:')) return publicUrl + path;
  const host = headers.host ?? '';
  if (!/^([\w.-]{1,253}|\[[\da-fA-F:.]{2,45}\])(:\d{1,5})?$/.test(host)) return null;
  const name = host.replace(/:\d{1,5}$/, '');
  return `https://${name}${tlsPort === HTTPS_PORT ? '' : `:${tlsPort}`}${path}`;
}
