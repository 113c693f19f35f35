// Hooks that a crash has cut off in the middle, and what a person has found out about them. The
// answer is part of what is desired: a new generation, so that it is signed, ordered and repeatable.
import type { OpenContext } from '../../../platform/context.js';
import type { CutHook, HookAnswer, HookQuestion } from '../target.js';
import { lockNodes } from './nodes.store.js';

export function readCutHooks(open: OpenContext, question: HookQuestion): Promise<CutHook[]> {
  const { clusterId, moduleId, deploymentId } = question;
  return open.tx.query<CutHook>(CUT_SQL, [open.tenantId, clusterId, moduleId, deploymentId]);
}

/** Answers the nodes that have something new to fetch. */
export async function writeHookAnswer(open: OpenContext, answer: HookAnswer): Promise<CutHook[]> {
  const cut = await readCutHooks(open, answer);
  const asked = cut.filter(({ name }) => answer.node === null || answer.node === name);
  if (asked.length === 0) return [];
  const locked = await lockNodes(
    open,
    asked.map(({ nodeId }) => nodeId),
    answer.clusterId,
  );
  const written = await open.tx.query<{ nodeId: string }>(ANSWER_SQL, [
    open.tenantId,
    answer.moduleId,
    answer.deploymentId,
    [...locked],
    answer.outcome,
  ]);
  const ids = new Set(written.map(({ nodeId }) => nodeId));
  return asked.filter(({ nodeId }) => ids.has(nodeId));
}

/** What the node says is about what it is told now: it has not been answered yet. */
const isCut = `seen.state = 'outcome-unknown' and seen.generation >= own.generation`;

const CUT_SQL = `
  select node.id as "nodeId", node.name,
    coalesce(seen.reason ->> 'message', 'a hook was cut off') as message
  from nodes node
  join desired_modules own on own.tenant_id = $1 and own.node_id = node.id and own.module_id = $3
  join observed_modules seen
    on seen.tenant_id = $1 and seen.node_id = node.id and seen.module_id = $3
  where node.tenant_id = $1 and node.cluster_id = $2 and node.revoked_at is null
    and own.deployment_id = $4 and ${isCut}
  order by node.name`;

const ANSWER_SQL = `
  with written as (
    update desired_modules own set generation = seen.generation + 1, updated_at = clock_timestamp(),
      releases = coalesce((
        select jsonb_agg(item.value || jsonb_build_object('hookAnswer', jsonb_build_object(
          'generation', seen.generation, 'outcome', $5::text)) order by item.position)
        from jsonb_array_elements(own.releases) with ordinality as item (value, position)), '[]')
    from observed_modules seen
    where own.tenant_id = $1 and own.module_id = $2 and own.deployment_id = $3
      and own.node_id = any($4::uuid[])
      and seen.tenant_id = $1 and seen.node_id = own.node_id and seen.module_id = $2 and ${isCut}
    returning own.node_id
  ), bumped as (
    update nodes set desired_revision = desired_revision + 1
    where tenant_id = $1 and id in (select node_id from written)
  )
  select node_id as "nodeId" from written`;
