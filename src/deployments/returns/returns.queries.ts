/** What going back, and trying again, asks of the deployments before. */
import type { RunStatus } from '../../engine/run.js';
import { limits } from '../../kernel/limits.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import { activeStatuses, type Return } from '../deployment.states.js';
import type { OriginRow } from '../deployments.store.js';

/** The return of a deployment that has been asked for already and is not over. */
export interface UnderWay {
  readonly id: string;
  readonly status: RunStatus;
  readonly specText: string;
  /** What the request named; null: nothing. */
  readonly to: string | null;
  /** What its answer said then. */
  readonly warnings: readonly string[];
}

const UNDER_WAY = statement<
  {
    readonly tenantId: string;
    readonly originId: string;
    readonly cameBy: Return;
    readonly statuses: readonly RunStatus[];
  },
  UnderWay
>(
  'deployments.return-under-way',
  `select d.id, d.status, d.spec_text as "specText", created.data->>'to' as "to",
     coalesce(created.data->'warnings', '[]') as warnings
   from deployments d
   join journal created on created.tenant_id = d.tenant_id and created.deployment_id = d.id
     and created.seq = 1
   where d.tenant_id = :tenantId and d.origin_id = :originId and d.kind = :cameBy
     and d.status = any(:statuses::text[])
   order by d.id desc limit 1`,
);

export async function underWay(
  open: OpenContext,
  originId: string,
  cameBy: Return,
): Promise<UnderWay | null> {
  const { tenantId } = open;
  const asked = { tenantId, originId, cameBy, statuses: activeStatuses };
  return (await open.tx.first(UNDER_WAY, asked)) ?? null;
}

/** The deployment whose pair (release, configuration) the cluster goes back to. */
export interface RollbackTarget {
  readonly id: string;
  readonly specText: string;
  readonly metadata: Record<string, string>;
}

const LAST_OTHER_PAIR = statement<
  {
    readonly tenantId: string;
    readonly clusterId: string;
    readonly moduleId: string;
    readonly to: string | null;
    readonly originId: string;
    readonly releaseId: string;
    readonly configurationId: string | null;
  },
  RollbackTarget
>(
  'deployments.rollback-target',
  `select id, spec_text as "specText", metadata from deployments
   where tenant_id = :tenantId and cluster_id = :clusterId and module_id = :moduleId
     and status = 'Succeeded'
     and finished_at > clock_timestamp() - interval '${limits.rollbackDays} days'
     and case when :to::uuid is not null then id = :to
       else id < :originId
         and (release_id, configuration_id) is distinct from (:releaseId, :configurationId) end
   order by finished_at desc limit 1`,
);

/** `to`, or the last other pair before the origin; of what has Succeeded there not too long ago. */
export function succeededBefore(
  open: OpenContext,
  { id: originId, clusterId, moduleId, releaseId, configurationId }: OriginRow,
  to: string | null,
): Promise<RollbackTarget | undefined> {
  const pair = { releaseId, configurationId };
  const about = { tenantId: open.tenantId, clusterId, moduleId, originId, to };
  return open.tx.first(LAST_OTHER_PAIR, { ...about, ...pair });
}

const NEWER_SUCCESS = statement<
  {
    readonly tenantId: string;
    readonly clusterId: string;
    readonly moduleId: string;
    readonly id: string;
  },
  { readonly id: string }
>(
  'deployments.newer-success',
  `select id from deployments
   where tenant_id = :tenantId and cluster_id = :clusterId and module_id = :moduleId
     and status = 'Succeeded' and id > :id
   order by id desc limit 1`,
);

/** The newest deployment that is in force there instead; undefined: it is this one. */
export async function succeededSince(
  open: OpenContext,
  { id, clusterId, moduleId }: OriginRow,
): Promise<string | undefined> {
  const { tenantId } = open;
  return (await open.tx.first(NEWER_SUCCESS, { tenantId, clusterId, moduleId, id }))?.id;
}
