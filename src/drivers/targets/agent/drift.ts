// Drift: a node that says it has done what it was told, and runs something else. It is shown, and
// repaired by telling the node again under a new generation, a few times and not for ever.
import { limits } from '../../../kernel/limits.js';
import type { OpenContext } from '../../../platform/context.js';
import { lockNodes } from './nodes.store.js';

const pairsSql = (list: string) => `(
  select coalesce(jsonb_agg(pair order by pair), '[]') from (
    select distinct jsonb_build_array(item -> 'releaseId', item -> 'configurationId') as pair
    from jsonb_array_elements(${list}) as item) as pairs)`;

/**
 * True in SQL when a node has drifted in a module, for so long that it is no moment of a move. What
 * should serve and is down there is what the node runs: telling it again would not bring it up.
 * `desired` and `seen` are aliases of desired_modules and observed_modules.
 */
export const isDriftSql = (desired: string, seen: string): string => `coalesce(
  ${seen}.generation = ${desired}.generation and ${seen}.state in ('healthy', 'absent')
  and greatest(${seen}.at, ${desired}.updated_at)
    < clock_timestamp() - interval '${limits.driftAfterMs} milliseconds'
  and ${pairsSql(`${seen}.running || ${seen}.down`)} <> ${pairsSql(`${desired}.releases`)}, false)`;

/** With each report of a node. Answers in how many modules the node is told again. */
export async function repairDrift(open: OpenContext, nodeId: string): Promise<number> {
  const [looked] = await open.tx.query<{ isOpen: boolean }>(LOOK_SQL, [open.tenantId, nodeId]);
  if (!looked?.isOpen) return 0;
  if (!(await lockNodes(open, [nodeId])).has(nodeId)) return 0;
  const [done] = await open.tx.query<{ repaired: number }>(REPAIR_SQL, [open.tenantId, nodeId]);
  return done?.repaired ?? 0;
}

// A node that has been right again for a while has all its attempts back.
const isRecoveredSql = `desired.drift_repairs > 0 and seen.generation = desired.generation
  and seen.state in ('healthy', 'absent') and not ${isDriftSql('desired', 'seen')}
  and seen.at < clock_timestamp() - interval '${10 * limits.driftAfterMs} milliseconds'`;

const MODULES_SQL = `desired_modules desired join observed_modules seen
    on seen.tenant_id = $1 and seen.node_id = $2 and seen.module_id = desired.module_id
  where desired.tenant_id = $1 and desired.node_id = $2`;

// Nearly always one look and nothing to do.
const LOOK_SQL = `
  select exists (
      select 1 from ${MODULES_SQL} and (${isDriftSql('desired', 'seen')} or (${isRecoveredSql})))
    or exists (
      select 1 from node_presence where tenant_id = $1 and node_id = $2 and drifted_modules > 0)
    as "isOpen"`;

const REPAIR_SQL = `
  with judged as (
    select desired.module_id, ${isDriftSql('desired', 'seen')} as is_drift,
      desired.drift_repairs as repairs, (${isRecoveredSql}) as is_recovered
    from ${MODULES_SQL}
  ), shown as (
    update node_presence set drifted_modules = now.drifted
    from (select count(*) filter (where is_drift)::int as drifted from judged) as now
    where tenant_id = $1 and node_id = $2 and drifted_modules <> now.drifted
  ), changed as (
    update desired_modules own set
      drift_repairs = case when judged.is_drift then own.drift_repairs + 1 else 0 end,
      generation = own.generation + judged.is_drift::int,
      updated_at = case when judged.is_drift then clock_timestamp() else own.updated_at end
    from judged
    where own.tenant_id = $1 and own.node_id = $2 and own.module_id = judged.module_id
      and (judged.is_recovered or (judged.is_drift and judged.repairs < ${limits.driftRepairs}))
    returning judged.is_drift
  ), counted as (
    select count(*) filter (where is_drift)::int as repaired from changed
  ), bumped as (
    update nodes set desired_revision = desired_revision + counted.repaired from counted
    where tenant_id = $1 and id = $2 and counted.repaired > 0
  )
  select repaired from counted`;
