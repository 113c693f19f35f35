/**
 * The table `desired_modules`: what nodes should run. The node's row is locked first, in the order of
 * ids: it serialises writers of one node, so that generations of a module only grow. A hook's answer
 * and the repair of drift write it, too: hook-answers.store.ts, drift.store.ts.
 */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { DesiredPair, MovedNode } from '../target.js';
import { bumpRevisions } from './nodes.store.js';

export interface DesiredChange {
  readonly moduleId: string;
  readonly deploymentId: string;
  readonly signatureRequired: boolean;
  readonly assignments: readonly { nodeId: string; releases: readonly DesiredPair[] }[];
}

const write = statement<
  {
    readonly tenantId: string;
    readonly moduleId: string;
    readonly nodeIds: readonly string[];
    /** JSON of each. */
    readonly releases: readonly string[];
    readonly signatureRequired: boolean;
    readonly deploymentId: string;
  },
  MovedNode & { readonly isChanged: boolean }
>(
  'desired.write',
  `
  with asked as (
    select asked.node_id, asked.releases, own.generation as own_generation,
      greatest(coalesce(own.generation, 0), coalesce(seen.generation, 0)) + 1 as next_generation,
      coalesce(own.releases = asked.releases and own.deployment_id = :deploymentId
        and own.signature_required = :signatureRequired
        and own.generation >= coalesce(seen.generation, 0)
        and not (coalesce(seen.generation, 0) = own.generation
          and coalesce(seen.state, '') in ('failed', 'refused')), false) as is_done
    from unnest(:nodeIds::uuid[], :releases::jsonb[]) as asked (node_id, releases)
    left join desired_modules own
      on own.tenant_id = :tenantId and own.node_id = asked.node_id and own.module_id = :moduleId
    left join observed_modules seen
      on seen.tenant_id = :tenantId and seen.node_id = asked.node_id and seen.module_id = :moduleId
  ), written as (
    insert into desired_modules as own
      (tenant_id, node_id, module_id, generation, releases, signature_required, deployment_id)
    select :tenantId, node_id, :moduleId, next_generation, releases, :signatureRequired, :deploymentId from asked where not is_done
    order by node_id
    on conflict (tenant_id, node_id, module_id) do update set
      generation = excluded.generation, releases = excluded.releases,
      previous_releases = own.releases, signature_required = excluded.signature_required,
      deployment_id = excluded.deployment_id, drift_repairs = 0, updated_at = clock_timestamp(),
      decided_at = clock_timestamp()
    returning node_id, generation
  ), bumped as (
    ${bumpRevisions('select node_id from written')}
  )
  select asked.node_id as "nodeId", coalesce(written.generation, asked.own_generation) as generation,
    written.node_id is not null as "isChanged"
  from asked left join written on written.node_id = asked.node_id
  order by asked.node_id`,
);

/**
 * Only for nodes locked by this transaction. The generation is above the node's own answer, too:
 * after a restored backup the database may know a lower one than the node. What the same deployment
 * has written already stays as it is, so that a repeated step changes nothing; unless the node has
 * failed at it: when a release is deployed once more where it runs, the way back has the same content
 * as the way forward, and only a new generation lets the node try again.
 */
export async function writeDesired(
  open: OpenContext,
  change: DesiredChange,
): Promise<{ moved: MovedNode[]; changedNodeIds: string[] }> {
  const { moduleId, deploymentId, signatureRequired } = change;
  const assignments = [...change.assignments].sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  const rows = await open.tx.query(write, {
    tenantId: open.tenantId,
    moduleId,
    nodeIds: assignments.map(({ nodeId }) => nodeId),
    releases: assignments.map(({ releases }) => JSON.stringify(releases)),
    signatureRequired,
    deploymentId,
  });
  return {
    moved: rows.map(({ nodeId, generation }) => ({ nodeId, generation })),
    changedNodeIds: rows.filter((row) => row.isChanged).map((row) => row.nodeId),
  };
}
