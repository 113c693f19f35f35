import type { VerbHead } from '../../deployments.store.js';
import type { DeploymentSpec } from '../../planning/deployment-spec.js';
import type { Look } from '../requests/look.js';
import type { ApprovalRequest } from '../requests/request.js';

/** What a decision is about, with the deployment's row locked: nobody decides meanwhile. */
export interface Deciding {
  readonly id: string;
  readonly head: VerbHead;
  readonly spec: DeploymentSpec;
  readonly request: ApprovalRequest;
  readonly look: Look;
}
