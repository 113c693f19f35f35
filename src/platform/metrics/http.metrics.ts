import type { Metrics } from './metrics.js';

export interface HttpObservation {
  readonly method: string;
  /** The template (`/api/v1/nodes/:id`), never the path: ids would make a series each. */
  readonly route: string | undefined;
  readonly status: number;
  readonly seconds: number;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export interface HttpMetrics {
  answered(observation: HttpObservation): void;
  refused(code: string): void;
  clientGone(): void;
}

/** Declares the metrics of HTTP and returns the ways to count. */
export function httpMetrics(metrics: Metrics): HttpMetrics {
  const labelNames = ['method', 'route', 'status'] as const;
  const requests = metrics.counter({
    name: 'http_requests_total',
    help: 'Answered requests by route template.',
    labelNames,
  });
  const duration = metrics.histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer.',
    labelNames,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  });
  const refusals = metrics.counter({
    name: 'http_refusals_total',
    help: 'Requests that were refused or failed, by the code of the answer.',
    labelNames: ['code'],
  });
  const gone = metrics.counter({
    name: 'http_clients_gone_total',
    help: 'Requests whose client went away before it had its answer.',
  });
  return {
    answered: ({ method, route = 'unmatched', status, seconds }) => {
      const labels = {
        method: METHODS.has(method) ? method : 'other',
        route,
        status: String(status),
      };
      requests.inc(labels);
      duration.observe(labels, seconds);
    },
    refused: (code) => refusals.inc({ code }),
    clientGone: () => gone.inc(),
  };
}
