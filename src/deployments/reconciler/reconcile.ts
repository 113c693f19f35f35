/**
 * One turn over some tenants: what must always hold is looked at, and mended where it does not.
 * Nothing of this should ever be needed; that is why each repair is a warning and a metric.
 */
import { Context } from '../../platform/context.js';
import type { Database } from '../../platform/database/database.js';
import type { Invariant } from './invariant.js';
import { invariants } from './invariants.js';
import { repair, takeTurn, tenantsAfter } from './repairs.store.js';

/** Tenants take turns: the cost of a turn does not grow with their number. */
const TENANTS_PER_TURN = 100;
/** The turn's lock is a transaction of its own, which must not stand idle for long. */
const TURN_MS = 10_000;

export interface Repair {
  readonly tenantId: string;
  readonly invariant: Invariant;
  readonly deploymentId: string;
}

export interface ReconcilePorts {
  readonly database: Database;
  repaired(repair: Repair): void;
  /** One invariant of one tenant could not be looked at; the others are. */
  failed(tenantId: string, invariant: Invariant, error: unknown): void;
  monotonic(): number;
}

/** `after`: the last tenant of the turn before. Returns the next one's; null begins anew. */
export async function reconcile(
  ports: ReconcilePorts,
  after: string | null,
): Promise<string | null> {
  const until = ports.monotonic() + TURN_MS;
  return ports.database.system(async (tx) => {
    // Another worker is at it: it has its own place in the line.
    if (!(await takeTurn(tx))) return after;
    const tenants = await tenantsAfter(tx, after, TENANTS_PER_TURN);
    for (const [at, tenantId] of tenants.entries()) {
      if (ports.monotonic() >= until) return tenants[at - 1] ?? after;
      await reconcileTenant(ports, tenantId);
    }
    return tenants.length < TENANTS_PER_TURN ? null : tenants.at(-1)!;
  });
}

async function reconcileTenant(ports: ReconcilePorts, tenantId: string): Promise<void> {
  const ctx = Context.system(tenantId, 'reconciler');
  for (const invariant of invariants) {
    try {
      const repaired = await ports.database.transaction(ctx, (open) => repair(open, invariant));
      for (const { id } of repaired) ports.repaired({ tenantId, invariant, deploymentId: id });
    } catch (error) {
      ports.failed(tenantId, invariant, error);
    }
  }
}
