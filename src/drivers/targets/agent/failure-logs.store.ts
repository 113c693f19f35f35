/** The table `failure_logs`: what failed instances and hooks have printed last. */
import type { FailureLog } from '../../../agent/protocol/failure-log.js';
import { failureLogLimits } from '../../../kernel/failure-log-limits.js';
import { limits } from '../../../kernel/limits.js';
import { printable } from '../../../kernel/text.js';
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';

// Of what the node was told: another module, or another release, it cannot have run. The newest of a
// generation counts, and of a module so many generations are kept.
const write = statement<
  {
    readonly tenantId: string;
    readonly nodeId: string;
    readonly moduleId: string;
    readonly generation: number;
    readonly releaseId: string;
    readonly source: string;
    readonly code: string;
    readonly lines: readonly string[];
    readonly isCut: boolean;
    readonly ahead: number;
    readonly others: number;
  },
  { readonly written: number }
>(
  'failure-logs.write',
  `
  with written as (
    insert into failure_logs (tenant_id, node_id, module_id, generation, deployment_id, release_id,
      source, code, lines, is_cut)
    select :tenantId, :nodeId, :moduleId, :generation,
      case when told.generation = :generation then told.deployment_id end,
      :releaseId::uuid, :source, :code, :lines::text[], :isCut
    from desired_modules told
    where told.tenant_id = :tenantId and told.node_id = :nodeId and told.module_id = :moduleId
      and :generation::bigint <= told.generation + :ahead::bigint
      and told.releases || told.previous_releases
        @> jsonb_build_array(jsonb_build_object('releaseId', :releaseId::uuid::text))
    on conflict (tenant_id, node_id, module_id, generation) do update set
      deployment_id = coalesce(failure_logs.deployment_id, excluded.deployment_id),
      release_id = excluded.release_id, source = excluded.source, code = excluded.code,
      lines = excluded.lines, is_cut = excluded.is_cut, at = clock_timestamp()
    returning generation
  ), removed as (
    delete from failure_logs
    where tenant_id = :tenantId and node_id = :nodeId and module_id = :moduleId
      and exists (select from written) and generation <> :generation
      and generation not in (
        select generation from failure_logs
        where tenant_id = :tenantId and node_id = :nodeId and module_id = :moduleId
          and generation <> :generation
        order by at desc limit :others)
  )
  select count(*)::int as written from written`,
);

/** False: it is of something that the node was never told. */
export async function writeFailureLog(open: OpenContext, log: FailureLog): Promise<boolean> {
  const { moduleId, generation, releaseId, source, code, lines, isCut } = log;
  const row = await open.tx.first(write, {
    tenantId: open.tenantId,
    nodeId: open.actor.id,
    moduleId,
    generation,
    releaseId,
    source: printable(source),
    code: printable(code),
    // Whoever shows it may forget to: terminals obey what a module prints.
    lines: lines.map(printable),
    isCut,
    ahead: limits.aheadOfDatabase,
    others: failureLogLimits.keptPerModule - 1,
  });
  return (row?.written ?? 0) > 0;
}

const forget = statement<{ readonly keptMs: number }>(
  'failure-logs.forget',
  `delete from failure_logs
   where at < (select clock_timestamp()) - :keptMs::float8 * interval '1 millisecond'`,
);

/** Of all tenants, those that have had their time. Answers how many. */
export function forgetFailureLogs(tx: SystemTransaction, keptMs: number): Promise<number> {
  return tx.execute(forget, { keptMs });
}
