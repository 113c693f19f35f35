/** What failed on nodes has printed, for whoever asks about a rollout. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { FailureLogHead, FailureLogQuestion, StoredFailureLog } from '../target.js';

type Asked = {
  readonly tenantId: string;
  readonly moduleId: string;
  readonly deploymentId: string;
  readonly nodeIds: readonly string[];
  readonly generations: readonly number[];
};

const HEAD = `log.node_id as "nodeId", node.name, log.generation, log.source, log.code, log.at`;

// A node that is told the next thing before its log arrives is known by the generation.
const OF_ROLLOUT = `from failure_logs log
  join nodes node on node.tenant_id = :tenantId and node.id = log.node_id
  where log.tenant_id = :tenantId and log.module_id = :moduleId
    and (log.deployment_id = :deploymentId or (log.deployment_id is null and exists (
      select from unnest(:nodeIds::uuid[], :generations::bigint[]) as moved (node_id, generation)
      where moved.node_id = log.node_id and moved.generation = log.generation)))`;

const heads = statement<Asked & { readonly most: number }, FailureLogHead>(
  'failure-logs.heads',
  `select ${HEAD} ${OF_ROLLOUT} order by log.at desc limit :most`,
);

const newest = statement<Asked & { readonly node: string }, StoredFailureLog>(
  'failure-logs.newest',
  `select ${HEAD}, log.release_id as "releaseId", log.lines, log.is_cut as "isCut" ${OF_ROLLOUT}
     and (node.name = :node or node.id::text = :node)
   order by log.at desc limit 1`,
);

/** The newest first. */
export function failureLogHeads(
  open: OpenContext,
  question: FailureLogQuestion,
  most: number,
): Promise<FailureLogHead[]> {
  return open.tx.query(heads, { ...asked(open, question), most });
}

/** The newest of a node, by its name or id. */
export function newestFailureLog(
  open: OpenContext,
  question: FailureLogQuestion,
  node: string,
): Promise<StoredFailureLog | undefined> {
  return open.tx.first(newest, { ...asked(open, question), node });
}

function asked({ tenantId }: OpenContext, question: FailureLogQuestion): Asked {
  const { moduleId, deploymentId, moved } = question;
  const nodeIds = moved.map(({ nodeId }) => nodeId);
  const generations = moved.map(({ generation }) => generation);
  return { tenantId, moduleId, deploymentId, nodeIds, generations };
}
