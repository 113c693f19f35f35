/** What the repair of drift (drift.ts) writes in desired_modules, and counts in node_presence. */
import { limits } from '../../../kernel/limits.js';
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import { differsSql, isDriftSql } from './drift.js';
import { bumpRevisionBy, lockNodes } from './nodes.store.js';

type NamedNode = { readonly tenantId: string; readonly nodeId: string };

// A node that has been right again for a while has all its attempts back.
const isRecoveredSql = `desired.drift_repairs > 0 and seen.generation = desired.generation
  and seen.state in ('healthy', 'absent') and not ${isDriftSql('desired', 'seen')}
  and seen.at < clock_timestamp() - interval '${10 * limits.driftAfterMs} milliseconds'`;

const MODULES_SQL = `desired_modules desired join observed_modules seen
    on seen.tenant_id = :tenantId and seen.node_id = :nodeId and seen.module_id = desired.module_id
  where desired.tenant_id = :tenantId and desired.node_id = :nodeId`;

/**
 * True in SQL when there may be drift to repair, or to forget: nearly never. Asked in the statement that
 * writes what the node says, it sees what was there before; what has just been written is neither.
 */
export const mayHaveDriftedSql = `(exists (
      select from ${MODULES_SQL} and (${isDriftSql('desired', 'seen')} or (${isRecoveredSql})))
    or exists (select from node_presence
      where tenant_id = :tenantId and node_id = :nodeId and drifted_modules > 0))`;

/**
 * True in SQL when there is nothing that could be drift later, while the node is told and says the same: what
 * drifts by the clock alone.
 */
export const isFarFromDriftSql = `(not exists (
      select from ${MODULES_SQL} and (desired.drift_repairs > 0 or ${differsSql('desired', 'seen')}))
    and not exists (select from node_presence
      where tenant_id = :tenantId and node_id = :nodeId and drifted_modules > 0))`;

const repair = statement<NamedNode, { readonly repaired: number }>(
  'drift.repair',
  `
  with judged as (
    select desired.module_id, ${isDriftSql('desired', 'seen')} as is_drift,
      desired.drift_repairs as repairs, (${isRecoveredSql}) as is_recovered
    from ${MODULES_SQL}
  ), shown as (
    update node_presence set drifted_modules = now.drifted
    from (select count(*) filter (where is_drift)::int as drifted from judged) as now
    where tenant_id = :tenantId and node_id = :nodeId and drifted_modules <> now.drifted
  ), changed as (
    update desired_modules own set
      drift_repairs = case when judged.is_drift then own.drift_repairs + 1 else 0 end,
      generation = own.generation + judged.is_drift::int,
      updated_at = case when judged.is_drift then clock_timestamp() else own.updated_at end
    from judged
    where own.tenant_id = :tenantId and own.node_id = :nodeId and own.module_id = judged.module_id
      and (judged.is_recovered or (judged.is_drift and judged.repairs < ${limits.driftRepairs}))
    returning judged.is_drift
  ), counted as (
    select count(*) filter (where is_drift)::int as repaired from changed
  ), bumped as (
    ${bumpRevisionBy('counted', 'repaired')}
  )
  select repaired from counted`,
);

/** Answers in how many modules the node is told again. */
export async function repairDrift(open: OpenContext, nodeId: string): Promise<number> {
  const { tenantId } = open;
  if (!(await lockNodes(open, [nodeId])).has(nodeId)) return 0;
  const done = await open.tx.first(repair, { tenantId, nodeId });
  return done?.repaired ?? 0;
}
