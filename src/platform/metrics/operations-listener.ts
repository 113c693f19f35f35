import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../kernel/clock.js';
import { messageOf } from '../../kernel/errors.js';
import { answerUpgradeOffers } from '../../kernel/upgrade-offers.js';
import type { Listen } from '../config/setting.js';
import type { Health } from '../health/health.js';
import { SlowReaders } from '../http/slow-readers.js';
import type { Logger } from '../logging/logger.js';
import type { Metrics } from './metrics.js';

export interface OperationsListener {
  readonly url: string;
  close(): Promise<void>;
}

interface Parts {
  readonly metrics: Metrics;
  readonly health: Health;
  readonly logger: Logger;
}

/**
 * `/metrics` and the probes on a listener of their own, which no tenant can reach. Plain node:http:
 * a process without an API (the worker) has it too, and it answers when the API is overloaded.
 */
export async function startOperationsListener(
  listen: Listen,
  parts: Parts,
): Promise<OperationsListener> {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    answer(request, response, parts).catch((error: unknown) => {
      parts.logger.error({ error: messageOf(error) }, 'the operations listener failed to answer');
      response.writeHead(500).end();
    });
  });
  new SlowReaders(systemClock, () => undefined).watch(server);
  answerUpgradeOffers(server);
  await listening(server, listen);
  const { port } = server.address() as AddressInfo;
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { metrics, health }: Parts,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  switch (request.url?.split('?')[0]) {
    case '/metrics': {
      const { contentType, text } = await metrics.expose(request.headers.accept);
      return send(response, 200, contentType, text);
    }
    case '/health/live':
      return send(response, 200, TEXT, 'live');
    case '/health/ready': {
      const isReady = await health.isReady();
      return send(response, isReady ? 200 : 503, TEXT, isReady ? 'ready' : 'unready');
    }
    default:
      return send(response, 404, TEXT, 'not found: try /metrics, /health/live or /health/ready');
  }
}

const TEXT = 'text/plain; charset=utf-8';

function send(response: ServerResponse, status: number, contentType: string, text: string): void {
  response
    .writeHead(status, {
      'content-type': contentType,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .end(text);
}

function listening(server: Server, { host, port }: Listen): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
