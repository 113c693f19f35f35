/** What nodes say that they run, beside what they should. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { NodeObservation } from '../target.js';
import { isLostSql } from './node-health.js';

const observe = statement<
  { readonly tenantId: string; readonly moduleId: string; readonly nodeIds: readonly string[] },
  NodeObservation
>(
  'observed.observe',
  `
  select node.id as "nodeId", coalesce(desired.generation, 0) as generation,
    coalesce(seen.generation, 0) as "observedGeneration", seen.state,
    coalesce(seen.running, '[]') as running, seen.reason, coalesce(seen.down, '[]') as down,
    presence.last_report_at as "lastReportAt",
    presence.cpu_millicores as "cpuMillicores", presence.memory_mib as "memoryMiB",
    case when node.revoked_at is not null then 'Revoked'
      when ${isLostSql('presence')} then 'Lost' else presence.health end as health
  from unnest(:nodeIds::uuid[]) with ordinality as asked (node_id, position)
  join nodes node on node.tenant_id = :tenantId and node.id = asked.node_id
  left join node_presence presence on presence.tenant_id = :tenantId and presence.node_id = node.id
  left join desired_modules desired
    on desired.tenant_id = :tenantId and desired.node_id = node.id and desired.module_id = :moduleId
  left join observed_modules seen
    on seen.tenant_id = :tenantId and seen.node_id = node.id and seen.module_id = :moduleId
  order by asked.position`,
);

/** One per node that still exists, in the order asked for. */
export function observeNodes(
  open: OpenContext,
  { moduleId, nodeIds }: { moduleId: string; nodeIds: readonly string[] },
): Promise<NodeObservation[]> {
  return open.tx.query(observe, { tenantId: open.tenantId, moduleId, nodeIds });
}
