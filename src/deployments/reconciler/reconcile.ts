/**
 * One turn over some tenants: what must always hold is looked at, and mended where it does not.
 * Nothing of this should ever be needed; that is why each repair is a warning and a metric.
 */
import { Context } from '../../platform/context.js';
import type { Database } from '../../platform/database/database.js';
import { RUN_KIND } from '../runs/runs.store.js';
import type { Invariant } from './invariant.js';
import { invariants } from './invariants.js';

/** Tenants take turns: the cost of a turn does not grow with their number. */
const TENANTS_PER_TURN = 100;
/** The turn's lock is a transaction of its own, which must not stand idle for long. */
const TURN_MS = 10_000;
/** A broken release breaks many: what is left is mended in the next turn. */
const REPAIRS_PER_STATEMENT = 100;
/** Any constant that nobody else uses. */
const LOCK = 7_205_759_404;

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
    const [lock] = await tx.query<{ got: boolean }>('select pg_try_advisory_xact_lock($1) as got', [
      LOCK,
    ]);
    // Another worker is at it: it has its own place in the line.
    if (!lock?.got) return after;
    const tenants = await tx.query<{ id: string }>(TENANTS_SQL, [after, TENANTS_PER_TURN]);
    for (const [at, { id }] of tenants.entries()) {
      if (ports.monotonic() >= until) return tenants[at - 1]?.id ?? after;
      await reconcileTenant(ports, id);
    }
    return tenants.length < TENANTS_PER_TURN ? null : tenants.at(-1)!.id;
  });
}

async function reconcileTenant(ports: ReconcilePorts, tenantId: string): Promise<void> {
  const context = Context.system(tenantId, 'reconciler');
  for (const invariant of invariants) {
    try {
      const repaired = await ports.database.transaction(context, (open) =>
        open.tx.query<{ id: string }>(invariant.repairSql, [
          tenantId,
          RUN_KIND,
          REPAIRS_PER_STATEMENT,
        ]),
      );
      for (const { id } of repaired) ports.repaired({ tenantId, invariant, deploymentId: id });
    } catch (error) {
      ports.failed(tenantId, invariant, error);
    }
  }
}

const TENANTS_SQL = `select id from tenants where $1::uuid is null or id > $1::uuid
  order by id limit $2`;
