/** What is in flight, and who waits for it. Counted under the tenant's capacity lock. */
import { createHash } from 'node:crypto';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { Scope } from './admit.js';

export type Rollout = {
  readonly id: string;
  readonly clusterId: string;
};

const LOCK = statement<{ readonly lock: bigint }, { readonly locked: string }>(
  'capacity.lock',
  'select pg_advisory_xact_lock(:lock)::text as locked',
);

/** Until the end of the transaction. Throws what PostgreSQL does when it is waited for too long. */
export async function takeCapacityLock(open: OpenContext): Promise<void> {
  const lock = createHash('sha256').update(`capacity\n${open.tenantId}`).digest().readBigInt64BE();
  await open.tx.query(LOCK, { lock });
}

const OLDEST = statement<
  { readonly tenantId: string; readonly scopeId: string },
  { readonly id: string }
>(
  'capacity.oldest-waiting',
  `select id from deployments
   where tenant_id = :tenantId and capacity_scope_id = :scopeId and status = 'Pending'
   order by id limit 1`,
);

/** Who has waited longest for this cap; undefined: nobody waits. */
export async function oldestWaiting(
  open: OpenContext,
  scopeId: string,
): Promise<string | undefined> {
  return (await open.tx.first(OLDEST, { tenantId: open.tenantId, scopeId }))?.id;
}

/** `id`: the rollout that asks, which is not counted. */
const SCOPES = statement<
  Rollout & { readonly tenantId: string; readonly tenantMax: number },
  Scope
>(
  'capacity.scopes',
  `with places as (
     select c.id as cluster_id, c.name as cluster_name, c.max_in_flight as cluster_max,
       e.id as environment_id, e.name as environment_name, e.max_in_flight as environment_max
     from clusters c
     join environments e on e.tenant_id = c.tenant_id and e.id = c.environment_id
     where c.tenant_id = :tenantId and c.id = :clusterId),
   used as (
     select count(*) as tenant, count(*) filter (where d.cluster_id = p.cluster_id) as cluster,
       count(*) filter (where d.environment_id = p.environment_id) as environment
     from places p
     join deployments d on d.tenant_id = :tenantId and d.id <> :id and d.lane = 'normal'
       and d.status in ('Running', 'Paused', 'RollingBack'))
   select scope.*,
     (select count(*) from (
        select from deployments w where w.tenant_id = :tenantId
          and w.capacity_scope_id = scope.id and w.status = 'Pending' and w.id < :id
        limit greatest(coalesce(scope.max, 0) - scope."inFlight", 0)) older) as ahead,
     (select w.id from deployments w where w.tenant_id = :tenantId
        and w.capacity_scope_id = scope.id and w.status = 'Pending' and w.id <> :id
      order by w.id limit 1) as "oldestId"
   from places p cross join used u cross join lateral (values
     ('cluster', p.cluster_id, p.cluster_name, p.cluster_max, u.cluster),
     ('environment', p.environment_id, p.environment_name, p.environment_max, u.environment),
     ('tenant', :tenantId::uuid, '', :tenantMax::int, u.tenant))
     as scope (kind, id, name, max, "inFlight")`,
);

/** The caps that hold for a rollout; those of cluster and environment as they are now. */
export function scopesOf(
  open: OpenContext,
  { id, clusterId }: Rollout,
  tenantMax: number,
): Promise<Scope[]> {
  return open.tx.query(SCOPES, { tenantId: open.tenantId, id, clusterId, tenantMax });
}
