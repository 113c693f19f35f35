/**
 * A node that is to run nothing: it is cordoned, and each of its modules is desired absent under the next
 * generation, as by any other change of what it should run. Its agent takes it from the front, lets
 * requests end and stops it. Without its drain it is told nothing by anybody but `CatchUp`.
 */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import { bumpRevisions } from './nodes.store.js';

type NamedNode = { readonly tenantId: string; readonly id: string };

const MARK = statement<
  NamedNode & {
    readonly by: string;
    readonly reason: string | null;
    readonly deadlineMinutes: number;
  }
>(
  'drain.mark',
  `update nodes set admin_state = 'cordoned', drained_at = clock_timestamp(), drained_by = :by,
     admin_state_at = case when admin_state = 'cordoned' then admin_state_at else clock_timestamp() end,
     drain_reason = :reason,
     drain_deadline_at = clock_timestamp() + :deadlineMinutes::int * interval '1 minute'
   where tenant_id = :tenantId and id = :id and revoked_at is null and drained_at is null`,
);

/** False: it is drained already, or there is no such node. */
export async function markDrained(
  open: OpenContext,
  id: string,
  asked: { readonly reason: string | null; readonly deadlineMinutes: number },
): Promise<boolean> {
  const { tenantId, actor } = open;
  return (await open.tx.execute(MARK, { tenantId, id, by: actor.name, ...asked })) > 0;
}

const STOP = statement<NamedNode, { readonly moduleId: string }>(
  'drain.stop-modules',
  `with stopped as (
     update desired_modules own set releases = '[]', previous_releases = own.releases,
       generation = greatest(own.generation, coalesce((select seen.generation from observed_modules seen
         where seen.tenant_id = own.tenant_id and seen.node_id = own.node_id
           and seen.module_id = own.module_id), 0)) + 1,
       drift_repairs = 0, updated_at = clock_timestamp(), decided_at = clock_timestamp()
     where own.tenant_id = :tenantId and own.node_id = :id and own.releases <> '[]'::jsonb
     returning own.module_id),
   bumped as (${bumpRevisions('select :id::uuid where exists (select 1 from stopped)')})
   select module_id as "moduleId" from stopped order by module_id`,
);

/** Of a node that this transaction has locked. Answers which modules it is to stop. */
export async function stopModules(open: OpenContext, id: string): Promise<string[]> {
  const { tenantId } = open;
  return (await open.tx.query(STOP, { tenantId, id })).map(({ moduleId }) => moduleId);
}

const END = statement<NamedNode>(
  'drain.end',
  `update nodes set drained_at = null, drained_by = null, drain_reason = null, drain_deadline_at = null
   where tenant_id = :tenantId and id = :id and drained_at is not null`,
);

// As if nobody had ever decided what runs there: with its next report it gets what its cluster runs by then.
const FORGET = statement<NamedNode>(
  'drain.forget-decisions',
  `update desired_modules set deployment_id = null, decided_at = to_timestamp(0)
   where tenant_id = :tenantId and node_id = :id and releases = '[]'::jsonb`,
);

/** False: it was not drained. */
export async function endDrain(open: OpenContext, id: string): Promise<boolean> {
  const { tenantId } = open;
  if ((await open.tx.execute(END, { tenantId, id })) === 0) return false;
  await open.tx.execute(FORGET, { tenantId, id });
  return true;
}
