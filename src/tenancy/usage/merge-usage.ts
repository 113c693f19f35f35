/** Sums of requests and sums of deployments become rows. Pure. */
import type { UsageAmounts, UsageRow } from './usage.dto.js';
import type { DeploymentSum } from './usage-sources.js';
import type { Grouping } from './usage.views.js';

type RequestSum = Omit<UsageRow, 'deployments'>;

const NOTHING: UsageAmounts = {
  requests: 0,
  failures: 0,
  sentBytes: 0,
  busyMs: 0,
  deployments: 0,
};

/** In the order of days, modules and environments. */
export function mergeUsage(
  requests: readonly RequestSum[],
  deployments: readonly DeploymentSum[],
  { byDay, byModule, byEnvironment }: Grouping,
): UsageRow[] {
  const rows = new Map<string, UsageRow>();
  const add = (row: UsageRow) => {
    const key = JSON.stringify([row.day, row.module, row.environment]);
    rows.set(key, { ...row, ...sumOf([rows.get(key) ?? NOTHING, row]) });
  };
  for (const sum of requests) add({ ...sum, deployments: 0 });
  for (const { day, module, environment, deployments: count } of deployments) {
    const place = {
      day: byDay ? day : '',
      module: byModule ? module : '',
      environment: byEnvironment ? environment : '',
    };
    add({ ...place, ...NOTHING, deployments: count });
  }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

export function sumOf(all: readonly UsageAmounts[]): UsageAmounts {
  return all.reduce(
    (sum, each) => ({
      requests: sum.requests + each.requests,
      failures: sum.failures + each.failures,
      sentBytes: sum.sentBytes + each.sentBytes,
      busyMs: sum.busyMs + each.busyMs,
      deployments: sum.deployments + each.deployments,
    }),
    NOTHING,
  );
}
