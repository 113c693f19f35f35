import type { OpenContext } from '../../platform/context.js';
import { rollbackUnderWay } from '../deployment.errors.js';
import type { OriginRow } from '../deployments.store.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import type { UnderWay } from './returns.queries.js';
import { rollbackTarget } from './rollback-target.js';

/**
 * Whoever wants something else back must not be answered as if it came. The same words are the same
 * request whatever has happened since; other words are, too, when they lead to the same pair.
 * Throws `rollback-under-way`, and what rollbackTarget throws.
 */
export async function refuseOther(
  open: OpenContext,
  origin: OriginRow,
  { id, status, specText, to }: UnderWay,
  asked: string | undefined,
): Promise<void> {
  if ((asked ?? null) === to) return;
  const target = await rollbackTarget(open, origin, asked);
  const [coming, wanted] = [specText, target.specText].map(
    (text) => JSON.parse(text) as DeploymentSpec,
  ) as [DeploymentSpec, DeploymentSpec];
  if (pairText(coming) === pairText(wanted)) return;
  throw rollbackUnderWay({ id, status }, to, {
    coming: coming.release.version,
    wanted: wanted.release.version,
  });
}

const pairText = ({ release, configuration }: DeploymentSpec) =>
  `${release.id} ${configuration?.id ?? ''}`;
