/** How requests are told: in events, and in the journal. */
import { digestOf } from '../../../kernel/digest.js';
import type { DeploymentSpec } from '../../planning/deployment-spec.js';
import type { ApprovalFacts, Proved } from '../approvals.events.js';
import type { Decision } from './decisions.store.js';
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

/** One proof may stand for several rules: each has the same. */
export function evidenceOf({ evidence }: Pick<Decision, 'evidence'>): unknown {
  const first = Object.keys(evidence ?? {}).sort()[0];
  return first === undefined ? null : evidence![first];
}

export function provedBy(decision: Decision): Proved {
  const { personId, gateId } = decision;
  const proof = evidenceOf(decision);
  if (proof === null) return { personId, gateId, evidence: null };
  const { kind = 'unknown' } = proof as { readonly kind?: string };
  return { personId, gateId, evidence: { kind, digest: digestOf('evidence', proof).digest } };
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
