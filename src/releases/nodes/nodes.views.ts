/** Nodes as HTTP answers them, with what they run: in one statement, however many there are. */
import { isDriftSql } from '../../drivers/targets/agent/drift.js';
import { suspicionSql } from '../../drivers/targets/agent/node-suspicions.js';
import { NODE_STATE_SINCE_SQL, NODE_STATE_SQL } from '../../fleet/nodes/node-state.js';
import { environmentKey } from '../../kernel/environment-key.js';
import { Permission } from '../../kernel/permission.js';
import type { OpenContext } from '../../platform/context.js';
import { inScopes, scopesText } from '../../platform/database/in-scopes.js';
import {
  hasText,
  FILTERED,
  pageAfter,
  sortParameters,
  type SortParameters,
  sortText,
  timeText,
  wordText,
} from '../../platform/database/sorting.js';
import { statement } from '../../platform/database/statement.js';
import type { AnswerOf } from '../../platform/http/answer.js';
import type { SortedSlice } from '../../platform/http/sorted-page.js';
import type { nodeOut, NodesQuery } from './nodes.dto.js';

export type NodeView = AnswerOf<typeof nodeOut>;

const releaseNames = (list: string) => `
  coalesce((
    select jsonb_agg(jsonb_build_object('releaseId', release.id, 'version', release.version))
    from jsonb_array_elements(${list}) as item
    join releases release
      on release.tenant_id = :tenantId and release.id = (item ->> 'releaseId')::uuid), '[]')`;

/** It runs, or its agent has not said yet that it has done what it was told. */
const IS_LEFT = `coalesce(seen.running, '[]') <> '[]'::jsonb
  or coalesce(seen.generation, 0) < coalesce(desired.generation, 0)`;

const instant = (column: string) =>
  `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const DRAIN_SQL = `case when chosen.drained_at is not null then jsonb_build_object(
    'state', case when coalesce(modules.unfinished, '[]') = '[]'::jsonb then 'drained'
      when chosen.drain_deadline_at < clock_timestamp() then 'overdue' else 'draining' end,
    'since', ${instant('chosen.drained_at')}, 'deadlineAt', ${instant('chosen.drain_deadline_at')},
    'by', chosen.drained_by, 'reason', chosen.drain_reason,
    'left', coalesce(modules.unfinished, '[]')) end as drain`;

const MODULES_SQL = `
  select jsonb_agg(jsonb_build_object(
      'moduleId', module.id, 'name', module.name,
      'generation', coalesce(desired.generation, 0),
      'observedGeneration', coalesce(seen.generation, 0), 'state', seen.state,
      'desired', ${releaseNames('desired.releases')},
      'running', ${releaseNames('seen.running')},
      'reason', seen.reason, 'endpoints', coalesce(seen.endpoints, '[]'),
      'drift', ${isDriftSql('desired', 'seen')}) order by module.name) as list,
    coalesce(jsonb_agg(module.name order by module.name) filter (where ${IS_LEFT}), '[]') as unfinished,
    bool_or(${isDriftSql('desired', 'seen')}) as drift
  from (select * from desired_modules where tenant_id = :tenantId and node_id = chosen.id) as desired
  full join (select * from observed_modules where tenant_id = :tenantId and node_id = chosen.id) as seen
    on seen.module_id = desired.module_id
  join modules module
    on module.tenant_id = :tenantId and module.id = coalesce(desired.module_id, seen.module_id)`;

/** Of nodes, and what they are in. */
const SORT = sortText({
  createdAt: `''`,
  name: wordText('node.name'),
  cluster: wordText(`environment.name || '/' || cluster.name`),
  state: NODE_STATE_SQL,
  lastReportAt: timeText('presence.last_report_at'),
});

interface Chosen {
  readonly condition: string;
  /** Of the rows that fit, with what a list is sorted by. */
  readonly page?: string;
  readonly sortValue?: string;
  readonly order: string;
}

/** The page is cut before the modules are looked up. `condition` is one on nodes and what they are in. */
const viewSql = ({ condition, sortValue, page = 'true', order }: Chosen): string => `
  with found as (
    select node.id, node.name, environment.name as environment, cluster.name as cluster,
      node.cluster_id, node.labels, ${NODE_STATE_SQL} as state,
      ${NODE_STATE_SINCE_SQL} as state_since, presence.agent_version, presence.last_report_at,
      node.created_at, node.drained_at, node.drained_by, node.drain_reason, node.drain_deadline_at,
      ${suspicionSql('presence')} as suspicion
      ${sortValue ? `, ${sortValue} as sort_value` : ''}
    from nodes node
    join clusters cluster on cluster.tenant_id = :tenantId and cluster.id = node.cluster_id
    join environments environment
      on environment.tenant_id = :tenantId and environment.id = cluster.environment_id
    left join node_presence presence on presence.tenant_id = :tenantId and presence.node_id = node.id
    where node.tenant_id = :tenantId and node.revoked_at is null and ${condition}
  ),
  chosen as (select * from found where ${page} ${order})
  select chosen.id, chosen.name, chosen.environment, chosen.cluster,
    chosen.cluster_id as "clusterId", chosen.labels, chosen.state,
    chosen.state_since as "stateSince", chosen.agent_version as "agentVersion",
    chosen.last_report_at as "lastReportAt", chosen.created_at as "createdAt",
    ${DRAIN_SQL}, chosen.suspicion, coalesce(modules.drift, false) as drift, coalesce(modules.list, '[]') as modules
    ${sortValue ? ', chosen.sort_value as "sortValue"' : ''}
  from chosen left join lateral (${MODULES_SQL}) as modules on true
  ${order}`;

const findView = statement<{ readonly tenantId: string; readonly id: string }, NodeView>(
  'nodes.find-view',
  viewSql({ condition: 'node.id = :id', order: 'limit 1' }),
);

type ListedNode = NodeView & { readonly sortValue: string };

interface NodeFilter extends SortParameters {
  readonly tenantId: string;
  readonly environmentKey: string | null;
  readonly scopes: string | null;
  readonly cluster: string | null;
  readonly states: readonly string[] | null;
  readonly labelName: string | null;
  readonly labelValue: string | null;
  readonly text: string | null;
}

const listSql = (isFalling: boolean): string => {
  const { condition, order } = pageAfter('sort_value', 'id', { isFalling });
  return viewSql({
    condition: `(:environmentKey::text is null or environment.name_key = :environmentKey)
      and (:cluster::text is null or cluster.name = :cluster)
      and (:states::text[] is null or ${NODE_STATE_SQL} = any(:states))
      and (:labelName::text is null or node.labels ->> :labelName = :labelValue::text)
      and ${hasText(['node.name'])}
      and ${inScopes({ environmentKey: 'environment.name_key' })}`,
    sortValue: SORT,
    page: condition,
    order,
  });
};

const FALLING = statement<NodeFilter, ListedNode>('nodes.list-falling', listSql(true), FILTERED);
const RISING = statement<NodeFilter, ListedNode>('nodes.list-rising', listSql(false), FILTERED);

/** Undefined: there is no such node, or it was revoked. */
export function nodeView(open: OpenContext, id: string): Promise<NodeView | undefined> {
  return open.tx.first(findView, { tenantId: open.tenantId, id });
}

/** In the order that is asked for; only those that the filter names and that may be read. */
export function nodeViews(
  open: OpenContext,
  { environment, cluster, state, label, text }: Omit<NodesQuery, 'limit' | 'cursor' | 'sort'>,
  slice: SortedSlice,
): Promise<ListedNode[]> {
  const at = label?.indexOf('=') ?? -1;
  const given = {
    ...sortParameters(slice),
    tenantId: open.tenantId,
    environmentKey: environment === undefined ? null : environmentKey(environment),
    scopes: scopesText(open.scopesOf(Permission.FleetRead)),
    cluster: cluster ?? null,
    states: state ?? null,
    labelName: label?.slice(0, at) ?? null,
    labelValue: label?.slice(at + 1) ?? null,
    text: text ?? null,
  };
  return slice.isFalling ? open.tx.query(FALLING, given) : open.tx.query(RISING, given);
}
