/**
 * Hooks that a crash has cut off in the middle, and what a person has found out about them. The answer
 * is part of what is desired: a new generation, so that it is signed, ordered and repeatable.
 */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { CutHook, HookAnswer, HookQuestion } from '../target.js';
import { bumpRevisions, lockNodes } from './nodes.store.js';

/** What the node says is about what it is told now: it has not been answered yet. */
const isCut = `seen.state = 'outcome-unknown' and seen.generation >= own.generation`;

const readCut = statement<
  {
    readonly tenantId: string;
    readonly clusterId: string;
    readonly moduleId: string;
    readonly deploymentId: string;
  },
  CutHook
>(
  'hook-answers.read-cut',
  `
  select node.id as "nodeId", node.name,
    coalesce(seen.reason ->> 'message', 'a hook was cut off') as message
  from nodes node
  join desired_modules own on own.tenant_id = :tenantId and own.node_id = node.id and own.module_id = :moduleId
  join observed_modules seen
    on seen.tenant_id = :tenantId and seen.node_id = node.id and seen.module_id = :moduleId
  where node.tenant_id = :tenantId and node.cluster_id = :clusterId and node.revoked_at is null
    and own.deployment_id = :deploymentId and ${isCut}
  order by node.name`,
);

const answerCut = statement<
  {
    readonly tenantId: string;
    readonly moduleId: string;
    readonly deploymentId: string;
    readonly nodeIds: readonly string[];
    readonly outcome: string;
  },
  { readonly nodeId: string }
>(
  'hook-answers.write',
  `
  with written as (
    update desired_modules own set generation = seen.generation + 1, updated_at = clock_timestamp(),
      releases = coalesce((
        select jsonb_agg(item.value || jsonb_build_object('hookAnswer', jsonb_build_object(
          'generation', seen.generation, 'outcome', :outcome::text)) order by item.position)
        from jsonb_array_elements(own.releases) with ordinality as item (value, position)), '[]')
    from observed_modules seen
    where own.tenant_id = :tenantId and own.module_id = :moduleId and own.deployment_id = :deploymentId
      and own.node_id = any(:nodeIds::uuid[])
      and seen.tenant_id = :tenantId and seen.node_id = own.node_id and seen.module_id = :moduleId and ${isCut}
    returning own.node_id
  ), bumped as (
    ${bumpRevisions('select node_id from written')}
  )
  select node_id as "nodeId" from written`,
);

export function readCutHooks(open: OpenContext, question: HookQuestion): Promise<CutHook[]> {
  const { clusterId, moduleId, deploymentId } = question;
  return open.tx.query(readCut, { tenantId: open.tenantId, clusterId, moduleId, deploymentId });
}

/** Answers the nodes that have something new to fetch. */
export async function writeHookAnswer(open: OpenContext, answer: HookAnswer): Promise<CutHook[]> {
  const { clusterId, moduleId, deploymentId, outcome } = answer;
  const cut = await readCutHooks(open, answer);
  const asked = cut.filter(({ name }) => answer.node === null || answer.node === name);
  if (asked.length === 0) return [];
  const ids = asked.map(({ nodeId }) => nodeId);
  const nodeIds = [...(await lockNodes(open, ids, clusterId))];
  const { tenantId } = open;
  const about = { tenantId, moduleId, deploymentId, nodeIds, outcome };
  const written = new Set((await open.tx.query(answerCut, about)).map(({ nodeId }) => nodeId));
  return asked.filter(({ nodeId }) => written.has(nodeId));
}
