import type { RunKey } from '../../engine/run.js';

/**
 * The statements of the engine's clockwork. Time is PostgreSQL's: `(select clock_timestamp())` is
 * computed once and can be an index condition; the bare call cannot.
 */

export const RUN_KIND = 'deployment';

export const deploymentRun = (tenantId: string, id: string): RunKey => ({
  kind: RUN_KIND,
  tenantId,
  id,
});

/** Who gives a lease back clears it: one that only ran out belonged to a worker that died. */
export const ranOut = (run: string) => `(${run}.lease_until is not null)::int`;

/** $1 owner, $2 lease ms, $3 tenant, $4 kind, $5 id. */
export const leaseSql = `
  update runs set lease_owner = $1, fence = fence + 1, failures = failures + ${ranOut('runs')},
    lease_until = clock_timestamp() + $2::int * interval '1 millisecond'
  where tenant_id = $3 and kind = $4 and id = $5 and wake_at is not null
    and (lease_until is null or lease_until < clock_timestamp())
  returning kind, tenant_id as "tenantId", id, fence, pokes, failures`;

/**
 * $1 owner, $2 lease ms, $3 tenants, $4 ids, $5 fences, $6 kinds. Waits for no row: one that an action
 * has locked right now would hold up all others, and is told as held but not renewed. What was asked
 * is asked again of the row as it is locked: a run that has gone to sleep since gets no lease back,
 * which nobody would know of.
 */
export const renewSql = `
  with asked as (
    select r.tenant_id, r.kind, r.id, r.fence
    from unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::text[]) as held (tenant_id, id, fence, kind)
    join runs r on r.tenant_id = held.tenant_id and r.kind = held.kind and r.id = held.id
      and r.fence = held.fence and r.lease_owner = $1),
  free as (
    select r.tenant_id, r.kind, r.id from asked join runs r on r.tenant_id = asked.tenant_id
      and r.kind = asked.kind and r.id = asked.id and r.fence = asked.fence
      and r.lease_owner = $1
    for update of r skip locked),
  renewed as (
    update runs r set lease_until = clock_timestamp() + $2::int * interval '1 millisecond'
    from free where r.tenant_id = free.tenant_id and r.kind = free.kind and r.id = free.id
    returning r.id)
  select asked.id, renewed.id is not null as renewed
  from asked left join renewed on renewed.id = asked.id`;

/** $1 tenant, $2 kind, $3 id, $4 fence, $5 pokes, $6 until (ms), $7 waiting on, $8 polls a gate. */
export const sleepSql = `
  update runs set wake_at = to_timestamp($6::float8 / 1000), waiting_on = $7::jsonb,
    polls_gate = $8, lease_owner = null, lease_until = null, failures = 0
  where tenant_id = $1 and kind = $2 and id = $3 and fence = $4 and pokes = $5
  returning id`;

/**
 * $1 tenant, $2 kind, $3 id, $4 fence, $5 delay in ms, $6 waiting on, $7 failures, $8 pokes. A run
 * that is over stays so: whoever ended it may have missed the reply to its commit, and takes that
 * for an error.
 */
export const releaseSql = `
  update runs set lease_owner = null, lease_until = null, polls_gate = false,
    failures = case $7 when 'counted' then failures + 1
      when 'kept' then greatest(failures, 1) else 0 end,
    wake_at = clock_timestamp()
      + case when $7 <> 'forgotten' or pokes = $8 then $5::int else 0 end * interval '1 millisecond',
    waiting_on = $6::jsonb || jsonb_build_object(
      'since', floor(extract(epoch from clock_timestamp()) * 1000)::bigint,
      'until', floor(extract(epoch from clock_timestamp()) * 1000)::bigint + $5::int)
  where tenant_id = $1 and kind = $2 and id = $3 and fence = $4 and wake_at is not null`;

/** As endSql, by who has found it awake: $4 fence. */
export const retireSql = `
  update runs set wake_at = null, waiting_on = null, gate = null, polls_gate = false,
    lease_owner = null, lease_until = null, failures = 0
  where tenant_id = $1 and kind = $2 and id = $3 and fence = $4`;

/** The run is over: $1 tenant, $2 kind, $3 id. The caller has locked it and compared the fence. */
export const endSql = `
  update runs set wake_at = null, waiting_on = null, gate = null, polls_gate = false,
    lease_owner = null, lease_until = null, failures = 0
  where tenant_id = $1 and kind = $2 and id = $3`;

/** A hint that must not be slept over: $1 tenant, $2 kind, $3 id. */
export const pokeSql = `
  update runs set wake_at = clock_timestamp(), pokes = pokes + 1, polls_gate = false
  where tenant_id = $1 and kind = $2 and id = $3 and wake_at is not null`;
