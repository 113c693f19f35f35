/**
 * What a report changes, and what it may lead to, as one statement over the tables of this folder: a node
 * reports every few seconds, and what that costs is round trips. Nearly always it answers that nothing has
 * to follow.
 */
import type { ReportRequest } from '../../../agent/protocol/protocol.js';
import { limits } from '../../../kernel/limits.js';
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import { nodeRevoked } from './agent.errors.js';
import { isFarFromDriftSql, mayHaveDriftedSql } from './drift.store.js';
import { hasMissedSql } from './module-targets.store.js';
import { INSERT_METRICS, storedMetrics } from './node-metrics.store.js';
import { JUDGE_OBSERVED, WRITE_OBSERVED, type RefusedRow } from './observed.store.js';
import { TOUCH_PRESENCE, touchOf, type Touch } from './presence.store.js';

interface TakenRow {
  readonly name: string;
  readonly clusterId: string;
  readonly revision: number;
  /** False: it reports from another machine, and nothing was written. */
  readonly isServed: boolean;
  readonly hasMissed: boolean;
  readonly mayHaveDrifted: boolean;
  /** Of what was there before this report, and so of what is there when nothing has changed. */
  readonly isSettled: boolean;
  readonly judged: readonly (RefusedRow & { readonly isRefused: boolean })[];
}

export interface TakenReport extends Omit<TakenRow, 'judged'> {
  readonly changedModuleIds: readonly string[];
  readonly refused: readonly RefusedRow[];
}

// Whoever is written first in it waits for the same node's report that came before. Another machine's, and a
// revoked node's, leave nothing behind: all that is written depends on `presence`.
const take = statement<
  Touch & {
    /** JSON. */
    readonly observed: string;
    readonly ahead: number;
    /** JSON. */
    readonly metrics: string;
  },
  TakenRow
>(
  'reports.take',
  `with node as (
    select id, name, cluster_id, admin_state, desired_revision from nodes
    where tenant_id = :tenantId and id = :nodeId and revoked_at is null
  ), presence as (${TOUCH_PRESENCE}
  ), judged as materialized (${JUDGE_OBSERVED}
  ), written as (${WRITE_OBSERVED}
  ), measured as (${INSERT_METRICS}
  )
  select node.name, node.cluster_id as "clusterId", node.desired_revision as revision,
    exists (select from presence) as "isServed",
    ${hasMissedSql} as "hasMissed", ${mayHaveDriftedSql} as "mayHaveDrifted",
    (select count(*) from judged) = jsonb_array_length(:observed::jsonb)
      and ${isFarFromDriftSql} as "isSettled",
    coalesce((
      select jsonb_agg(jsonb_build_object('moduleId', judged."moduleId", 'module', judged.name,
        'generation', judged.generation::text, 'isRefused', judged.is_refused))
      from judged left join written on written.module_id = judged."moduleId"
      where judged.is_refused or written.module_id is not null), '[]') as judged
  from node`,
);

/** Throws `node-revoked`. What it answers is to be acted on in the same transaction. */
export async function takeReport(open: OpenContext, report: ReportRequest): Promise<TakenReport> {
  const row = await open.tx.first(take, {
    ...touchOf(open, report),
    observed: JSON.stringify(report.observed),
    ahead: limits.aheadOfDatabase,
    metrics: JSON.stringify(storedMetrics(report.metrics)),
  });
  if (!row) throw nodeRevoked();
  const { judged, ...taken } = row;
  const changed = judged.filter(({ isRefused }) => !isRefused);
  const refused = judged.filter(({ isRefused }) => isRefused);
  const isSettled = taken.isSettled && judged.length === 0 && !taken.hasMissed;
  const changedModuleIds = changed.map(({ moduleId }) => moduleId);
  return { ...taken, isSettled, changedModuleIds, refused };
}
