import type { OpenContext } from '../../platform/context.js';
import { newerDeploymentThere, noRollbackTarget } from '../deployment.errors.js';
import type { OriginRow } from '../deployments.store.js';
import { succeededBefore, succeededSince, type RollbackTarget } from './returns.queries.js';

/**
 * Only what has Succeeded on the same cluster within 90 days: it ran there, and what it needs around
 * it is likely still there. Without `to`, the last other pair before the deployment that is undone.
 * Throws `no-rollback-target`, `newer-deployment-there`.
 */
export async function rollbackTarget(
  open: OpenContext,
  origin: OriginRow,
  to: string | undefined,
): Promise<RollbackTarget> {
  if (to === undefined) await refuseStale(open, origin);
  const target = await succeededBefore(open, origin, to ?? null);
  if (target) return target;
  throw noRollbackTarget(to);
}

/** Undoing one that is no longer in force would take the cluster back further than anybody meant. */
async function refuseStale(open: OpenContext, origin: OriginRow): Promise<void> {
  const newer = await succeededSince(open, origin);
  if (newer === undefined) return;
  throw newerDeploymentThere(newer);
}
