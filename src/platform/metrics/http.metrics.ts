import type { Metrics } from './metrics.js';

export interface HttpObservation {
  readonly method: string;
  /** The template (`/api/v1/nodes/:id`), never the path: ids would make a series each. */
  readonly route: string | undefined;
  readonly status: number;
  readonly seconds: number;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Declares the metrics of HTTP and returns the way to count one answer. */
export function httpMetrics(metrics: Metrics): (observation: HttpObservation) => void {
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
  return ({ method, route = 'unmatched', status, seconds }) => {
    const labels = {
      method: METHODS.has(method) ? method : 'other',
      route,
      status: String(status),
    };
    requests.inc(labels);
    duration.observe(labels, seconds);
  };
}
