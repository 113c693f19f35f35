/**
 * Where what waits for a person stands, each as a `select` of the same columns; none of them reads more
 * than what is open. Scopes are those of the permission that its kind is read by. Fragments: :tenantId,
 * :deploymentScopes, :approvalScopes, :fleetScopes.
 */
import { isLostSql } from '../../drivers/targets/agent/node-health.js';
import { SUSPICION_SHOWN } from '../../drivers/targets/agent/presence.store.js';
import { NODE_STATE_SINCE_SQL } from '../../fleet/nodes/node-state.js';
import { inScopes } from '../../platform/database/in-scopes.js';
import { RUN_KIND } from '../runs/runs.store.js';

const PLACE = { module: 'm.name', environmentKey: 'e.name_key' };

/** Of a deployment `d`. */
const NAMES = `join environments e on e.tenant_id = d.tenant_id and e.id = d.environment_id
  join clusters c on c.tenant_id = d.tenant_id and c.id = d.cluster_id
  join modules m on m.tenant_id = d.tenant_id and m.id = d.module_id
  join releases v on v.tenant_id = d.tenant_id and v.id = d.release_id`;

const OF_RUN = `left join runs r on r.tenant_id = d.tenant_id and r.kind = '${RUN_KIND}' and r.id = d.id`;

interface Branch {
  readonly kind: string;
  readonly subjectId: string;
  readonly since: string;
  readonly until?: string;
  readonly module?: string;
  readonly version?: string;
  readonly node?: string;
  readonly detail: string;
  readonly who?: string;
  readonly by?: string;
  readonly personId?: string;
  readonly requestNumber?: string;
  /** Without environment and cluster: of the whole tenant. */
  readonly isOfTenant?: true;
  readonly from: string;
}

const select = (branch: Branch): string => {
  const { kind, subjectId, since, detail, from, isOfTenant } = branch;
  return `select ${kind}::text as kind, ${subjectId} as subject_id, ${since}::timestamptz as since,
    ${branch.until ?? 'null'}::timestamptz as until, ${branch.module ?? 'null'}::text as module,
    ${branch.version ?? 'null'}::text as version, ${isOfTenant ? 'null' : 'e.name'}::text as environment,
    ${isOfTenant ? 'null' : 'e.name_key'}::text as environment_key,
    ${isOfTenant ? 'null' : 'c.name'}::text as cluster, ${branch.node ?? 'null'}::text as node,
    (${detail})::text as detail, ${branch.who ?? 'null'}::text as who, ${branch.by ?? 'null'}::text as by,
    ${branch.personId ?? 'null'}::uuid as person_id,
    ${branch.requestNumber ?? 'null'}::integer as request_number
  from ${from}`;
};

/** In a run that waits. */
const said = (field: string) => `r.waiting_on ->> '${field}'`;
const saidAt = (field: string) => `to_timestamp((${said(field)})::float8 / 1000)`;

const approvals = select({
  kind: `'approval'`,
  subjectId: 'q.deployment_id',
  since: 'q.asked_at',
  until: 'q.deadline_at',
  module: 'm.name',
  version: 'v.version',
  detail: `coalesce(case when ${said('kind')} = 'approval' then ${said('detail')} end, 'waits for an approval')`,
  who: `case when ${said('kind')} = 'approval' then ${said('who')} end`,
  by: 'q.requested_by',
  requestNumber: 'q.number',
  from: `approval_requests q
    join deployments d on d.tenant_id = q.tenant_id and d.id = q.deployment_id ${NAMES} ${OF_RUN}
    where q.tenant_id = :tenantId and q.status = 'open' and ${inScopes(PLACE, 'approvalScopes')}`,
});

/** The node has said it about what it is told now, and nobody has answered yet. */
const HAS_CUT_HOOK = `exists (select 1 from desired_modules own
  join observed_modules seen on seen.tenant_id = own.tenant_id and seen.node_id = own.node_id
    and seen.module_id = own.module_id
  join nodes n on n.tenant_id = own.tenant_id and n.id = own.node_id
  where own.tenant_id = d.tenant_id and own.module_id = d.module_id and own.deployment_id = d.id
    and n.cluster_id = d.cluster_id and n.revoked_at is null
    and seen.state = 'outcome-unknown' and seen.generation >= own.generation)`;

/** The gate is put away with the pause: what the step has said of it is what remains. */
const stopped = select({
  kind: `case when ${said('kind')} = 'freeze' then 'freeze'
    when ${said('kind')} = 'paused' or d.reason is null then 'paused'
    when ${HAS_CUT_HOOK} then 'hook'
    when d.reason like 'inconclusive: %' then 'gate' else 'attention' end`,
  subjectId: 'd.id',
  since: `coalesce(${saidAt('since')}, d.started_at, d.created_at)`,
  until: saidAt('until'),
  module: 'm.name',
  version: 'v.version',
  detail: `coalesce(${said('detail')}, d.reason, d.status)`,
  who: said('who'),
  by: 'd.requested_by',
  from: `deployments d ${NAMES} ${OF_RUN}
    where d.tenant_id = :tenantId and (d.status = 'Paused'
        or d.status in ('Pending', 'Running') and ${said('kind')} = 'freeze')
      and ${inScopes(PLACE, 'deploymentScopes')}`,
});

/** As long as nothing has succeeded there since, or has been taken back whole. */
const failed = select({
  kind: `'rollback-failed'`,
  subjectId: 'd.id',
  since: 'd.finished_at',
  module: 'm.name',
  version: 'v.version',
  detail: `coalesce(d.reason, 'it could not be rolled back on every node')`,
  by: 'd.requested_by',
  from: `deployments d ${NAMES}
    where d.tenant_id = :tenantId and d.status = 'RollbackFailed'
      and not exists (select 1 from deployments later where later.tenant_id = d.tenant_id
        and later.module_id = d.module_id and later.cluster_id = d.cluster_id and later.id > d.id
        and later.status in ('Succeeded', 'RolledBack'))
      and ${inScopes(PLACE, 'deploymentScopes')}`,
});

const holds = select({
  kind: `'hold'`,
  subjectId: 'h.id',
  since: 'h.placed_at',
  module: 'm.name',
  detail: `coalesce(h.reason, 'rolled back by ' || h.placed_by)`,
  by: 'h.placed_by',
  from: `target_holds h join modules m on m.tenant_id = h.tenant_id and m.id = h.module_id
    join clusters c on c.tenant_id = h.tenant_id and c.id = h.cluster_id
    join environments e on e.tenant_id = c.tenant_id and e.id = c.environment_id
    where h.tenant_id = :tenantId and h.released_at is null and ${inScopes(PLACE, 'deploymentScopes')}`,
});

/** The one that a review would be about. */
const breakGlass = select({
  kind: `'break-glass'`,
  subjectId: 'b.deployment_id',
  since: 'b.used_at',
  until: 'b.review_due_at',
  module: 'm.name',
  version: 'v.version',
  detail: 'b.reason',
  by: 'b.used_by',
  personId: 'b.person_id',
  requestNumber: 'b.request_number',
  from: `break_glass b
    join deployments d on d.tenant_id = b.tenant_id and d.id = b.deployment_id ${NAMES}
    where b.tenant_id = :tenantId and b.reviewed_at is null and not exists (
      select 1 from break_glass earlier where earlier.tenant_id = b.tenant_id and earlier.id < b.id
        and earlier.deployment_id = b.deployment_id and earlier.reviewed_at is null) and ${inScopes(PLACE, 'approvalScopes')}`,
});

/** Of everybody who may read deployments, whichever. */
const switches = select({
  kind: `'kill-switch'`,
  subjectId: ':tenantId::uuid',
  since: 's.changed_at',
  detail: 's.reason',
  who: `case when s.level = 'platform' then 'whoever operates the platform' end`,
  by: 's.changed_by',
  isOfTenant: true,
  from: `(select 'platform' as level, reason, changed_by, changed_at from platform_switch where is_on
      union all
      select 'tenant', reason, changed_by, changed_at from kill_switches
      where tenant_id = :tenantId and is_on
      order by 1 limit 1) s
    where coalesce(jsonb_array_length(:deploymentScopes::jsonb), 1) > 0`,
});

const OF_NODE = `nodes node
  join clusters c on c.tenant_id = node.tenant_id and c.id = node.cluster_id
  join environments e on e.tenant_id = c.tenant_id and e.id = c.environment_id
  left join node_presence presence on presence.tenant_id = node.tenant_id and presence.node_id = node.id
  where node.tenant_id = :tenantId and node.revoked_at is null
    and ${inScopes({ environmentKey: 'e.name_key' }, 'fleetScopes')}`;

const nodes = select({
  kind: `case when ${isLostSql('presence')} then 'node-lost' else 'node-unhealthy' end`,
  subjectId: 'node.id',
  since: NODE_STATE_SINCE_SQL,
  node: 'node.name',
  detail: `case when ${isLostSql('presence')} then 'the node does not report any more'
    else 'the node says that something is wrong with it' end`,
  from: `${OF_NODE} and node.admin_state = 'active'
    and (${isLostSql('presence')} or presence.health <> 'Healthy')`,
});

const overdue = select({
  kind: `'drain-overdue'`,
  subjectId: 'node.id',
  since: 'node.drain_deadline_at',
  node: 'node.name',
  by: 'node.drained_by',
  detail: `'it was to run nothing by now'`,
  from: `${OF_NODE} and node.drain_deadline_at < clock_timestamp() and exists (
    select 1 from desired_modules own left join observed_modules seen on seen.tenant_id = own.tenant_id
      and seen.node_id = own.node_id and seen.module_id = own.module_id
    where own.tenant_id = node.tenant_id and own.node_id = node.id
      and (coalesce(seen.running, '[]') <> '[]'::jsonb or coalesce(seen.generation, 0) < own.generation))`,
});

const suspects = select({
  kind: `'node-suspect'`,
  subjectId: 'node.id',
  since: 'presence.suspected_at',
  node: 'node.name',
  detail: `coalesce(presence.suspicion_message, presence.suspicion)`,
  from: `${OF_NODE} and presence.suspected_at > clock_timestamp() - ${SUSPICION_SHOWN}`,
});

export const ITEMS = [
  approvals,
  stopped,
  failed,
  holds,
  breakGlass,
  switches,
  nodes,
  overdue,
  suspects,
].join('\nunion all\n');
