import type { Metrics } from '../metrics/metrics.js';
import { RATE_NAMES, type RateName } from './rates.js';

export interface RateLimitMetrics {
  refused(limit: RateName, isEnforced: boolean): void;
  countedAlone(): void;
}

export function rateLimitMetrics(metrics: Metrics): RateLimitMetrics {
  const refusals = metrics.counter({
    name: 'rate_limit_refusals_total',
    help: 'Requests over a rate limit, by the limit; not enforced: in the profile report-only, where they were let through.',
    labelNames: ['limit', 'enforced'],
  });
  const alone = metrics.counter({
    name: 'rate_limit_counted_alone_total',
    help: 'Requests that this process counted on its own, because Redis did not answer.',
  });
  for (const limit of RATE_NAMES) refusals.inc({ limit, enforced: 'true' }, 0);
  return {
    refused: (limit, isEnforced) => refusals.inc({ limit, enforced: String(isEnforced) }),
    countedAlone: () => alone.inc(),
  };
}
