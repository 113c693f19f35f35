import { limits } from '../../kernel/limits.js';
import type { OpenContext } from '../../platform/context.js';
import { newerDeploymentThere, noRollbackTarget } from '../deployment.errors.js';
import type { OriginRow } from './origin.js';

/** The deployment whose pair (release, configuration) the cluster goes back to. */
export interface RollbackTarget {
  readonly id: string;
  readonly specText: string;
  readonly metadata: Record<string, string>;
}

/**
 * Only what has Succeeded on the same cluster within 90 days: it ran there, and what it needs around
 * it is likely still there. Without `to`, the last other pair before the deployment that is undone.
 */
export async function rollbackTarget(
  open: OpenContext,
  origin: OriginRow,
  to: string | undefined,
): Promise<RollbackTarget> {
  if (to === undefined) await refuseStale(open, origin);
  const [target] = await open.tx.query<RollbackTarget>(
    `select id, spec_text as "specText", metadata from deployments
     where tenant_id = $1 and cluster_id = $2 and module_id = $3 and status = 'Succeeded'
       and finished_at > clock_timestamp() - interval '${limits.rollbackDays} days'
       and case when $4::uuid is not null then id = $4
         else id < $5 and (release_id, configuration_id) is distinct from ($6, $7) end
     order by finished_at desc limit 1`,
    [
      open.tenantId,
      origin.clusterId,
      origin.moduleId,
      to ?? null,
      origin.id,
      origin.releaseId,
      origin.configurationId,
    ],
  );
  if (target) return target;
  throw noRollbackTarget(to);
}

/** Undoing one that is no longer in force would take the cluster back further than anybody meant. */
async function refuseStale(open: OpenContext, origin: OriginRow): Promise<void> {
  const [newer] = await open.tx.query<{ id: string }>(
    `select id from deployments
     where tenant_id = $1 and cluster_id = $2 and module_id = $3 and status = 'Succeeded'
       and id > $4 order by id desc limit 1`,
    [open.tenantId, origin.clusterId, origin.moduleId, origin.id],
  );
  if (!newer) return;
  throw newerDeploymentThere(newer.id);
}
