import type { RunStatus } from '../../engine/run.js';
import type { OpenContext } from '../../platform/context.js';
import { rollbackUnderWay } from '../deployment.errors.js';
import { activeStatuses, type Return } from '../deployment.states.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import type { OriginRow } from './origin.js';
import { rollbackTarget } from './rollback-target.js';

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

export async function underWay(
  open: OpenContext,
  originId: string,
  verb: Return,
): Promise<UnderWay | null> {
  const [row] = await open.tx.query<UnderWay>(
    `select d.id, d.status, d.spec_text as "specText", created.data->>'to' as "to",
       coalesce(created.data->'warnings', '[]') as warnings
     from deployments d
     join journal created on created.tenant_id = d.tenant_id and created.deployment_id = d.id
       and created.seq = 1
     where d.tenant_id = $1 and d.origin_id = $2 and d.kind = $3 and d.status = any($4)
     order by d.id desc limit 1`,
    [open.tenantId, originId, verb, activeStatuses],
  );
  return row ?? null;
}

/**
 * Whoever wants something else back must not be answered as if it came. The same words are the same
 * request whatever has happened since; other words are, too, when they lead to the same pair.
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
