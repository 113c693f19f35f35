/** Runs that wait for what keeps them from starting, woken some at a time: the due loop takes them then. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { RUN_KIND } from './runs.store.js';

type Held = { readonly kind: string; readonly waits: readonly string[]; readonly most: number };

/** `waits`: kinds of what they wait for. Who is being acted on looks by itself, under the new rules. */
const woken = (which: string) => `with held as (
     select tenant_id, kind, id from runs
     where ${which} kind = :kind and wake_at > clock_timestamp()
       and waiting_on->>'kind' = any(:waits::text[])
     order by tenant_id, id limit :most for update skip locked)
   update runs r set wake_at = clock_timestamp(), pokes = r.pokes + 1, polls_gate = false
   from held where r.tenant_id = held.tenant_id and r.kind = held.kind and r.id = held.id`;

const WAKE = statement<Held & { readonly tenantId: string }>(
  'runs.wake-held',
  woken('tenant_id = :tenantId and'),
);

/** How many were woken: fewer than `most` means that there are no more. */
export function wakeHeld(
  open: OpenContext,
  waits: readonly string[],
  most: number,
): Promise<number> {
  return open.tx.execute(WAKE, { tenantId: open.tenantId, kind: RUN_KIND, waits, most });
}

const WAKE_ALL = statement<Held>('runs.wake-all-held', woken(''));

/** Of all tenants. */
export function wakeAllHeld(
  tx: SystemTransaction,
  waits: readonly string[],
  most: number,
): Promise<number> {
  return tx.execute(WAKE_ALL, { kind: RUN_KIND, waits, most });
}
