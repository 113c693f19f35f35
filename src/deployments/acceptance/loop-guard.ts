import type { OpenContext } from '../../platform/context.js';
import { releaseRolledBackHere } from '../deployment.errors.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import { rolledBackHere } from './acceptance.queries.js';

/**
 * A release is taken back automatically at most once per cluster for what it did itself. A pipeline
 * that sends it again after each rollback would move the nodes back and forth for ever, so the second
 * time needs a person: `retry`, or `allowRolledBack`. A success there since then makes it an ordinary
 * release. What it was not to blame for does not count: nodes that were lost, a port that was taken,
 * a deadline that nobody could keep, a person who took it back.
 * Asked when it is posted, and again when it has the slot: the one before it may have been taken back
 * while it waited.
 * Throws `release-rolled-back-here`.
 */
export async function refuseRolledBack(open: OpenContext, spec: DeploymentSpec): Promise<void> {
  if (spec.allowRolledBack) return;
  const slot = { clusterId: spec.cluster.id, moduleId: spec.module.id };
  const rolledBack = await rolledBackHere(open, slot, spec.release.id);
  if (!rolledBack) return;
  const { id, reason } = rolledBack;
  throw releaseRolledBackHere(
    { version: spec.release.version, cluster: spec.cluster.name },
    id,
    reason,
  );
}
