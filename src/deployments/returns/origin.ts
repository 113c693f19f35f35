import type { RunStatus } from '../../engine/run.js';
import type { OpenContext } from '../../platform/context.js';
import { deploymentNotFound, stateNotSuitable } from '../deployment.errors.js';
import { returnStates, type Return } from '../deployment.states.js';

/** The deployment that a rollback or a retry is about. */
export interface OriginRow {
  readonly id: string;
  readonly status: RunStatus;
  readonly lane: 'normal' | 'rollback';
  readonly clusterId: string;
  readonly moduleId: string;
  readonly releaseId: string;
  readonly configurationId: string | null;
  readonly specText: string;
  readonly metadata: Record<string, string>;
}

/**
 * Locked until the end of the transaction, so that two clicks at once become one deployment. Only
 * what is over may be locked for long: the engine writes to the row of one that is not.
 */
export async function lockOrigin(open: OpenContext, id: string, verb: Return): Promise<OriginRow> {
  const [origin] = await open.tx.query<OriginRow>(
    `select id, status, lane, cluster_id as "clusterId", module_id as "moduleId",
       release_id as "releaseId", configuration_id as "configurationId",
       spec_text as "specText", metadata
     from deployments where tenant_id = $1 and id = $2 for update`,
    [open.tenantId, id],
  );
  if (!origin) {
    throw deploymentNotFound();
  }
  const { status } = origin;
  if (returnStates[verb].includes(status)) return origin;
  throw stateNotSuitable(verb, status, { when: 'after', possibleIn: returnStates[verb] });
}
