import type { LaneClaim } from './lane-claims.store.js';

/**
 * Messages under way at once in one process. A channel has two, so that one that hangs takes no more; of a
 * tenant's eight, those that failed the last time take four at most.
 */
export const PLACES = {
  perProcess: 64,
  perTenant: 8,
  perChannel: 2,
  failingPerTenant: 4,
} as const;

/** Who has as many under way as they may. */
export function busyLanes(underWay: Iterable<LaneClaim>) {
  const tenants = new Map<string, number>();
  const channels = new Map<string, number>();
  const failing = new Map<string, number>();
  for (const { tenantId, channelId, failures } of underWay) {
    count(tenants, tenantId);
    count(channels, channelId);
    if (failures > 0) count(failing, tenantId);
  }
  return {
    busyTenants: full(tenants, PLACES.perTenant),
    busyChannels: full(channels, PLACES.perChannel),
    failingTenants: full(failing, PLACES.failingPerTenant),
  };
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function full(counts: ReadonlyMap<string, number>, most: number): string[] {
  return [...counts].filter(([, number]) => number >= most).map(([key]) => key);
}
