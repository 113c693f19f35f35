/** How requests are told: in events, and in the journal. */
import type { DeploymentSpec } from '../../planning/deployment-spec.js';
import type { ApprovalFacts } from '../approvals.events.js';
import type { ApprovalRequest } from './request.js';

export function factsOf(spec: DeploymentSpec, request: ApprovalRequest): ApprovalFacts {
  return {
    module: spec.module.name,
    version: spec.release.version,
    environment: spec.environment.name,
    requestedBy: request.requestedByPerson,
    requestNumber: request.number,
    subjectDigest: request.subjectDigest,
    deadlineAt: request.deadlineAt.toISOString(),
    rules: request.rules.map(({ name }) => name),
  };
}

/** Data of entries of kind `approval`. */
export type Said = readonly Readonly<Record<string, unknown>>[];

/** What an entry of kind `approval` is about. */
export type SaidEvent =
  | 'requested'
  | 'given'
  | 'rejected'
  | 'commented'
  | 'withdrawn'
  | 'granted'
  | 'reopened'
  | 'voided'
  | 'expired'
  | 'replaced'
  | 'overridden';

export function saidOf(
  event: SaidEvent,
  { number, subjectDigest }: ApprovalRequest,
  more: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return { event, requestNumber: number, subjectDigest, ...more };
}
