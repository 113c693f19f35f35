/** What is asked of people before a deployment starts, and how that ends. */
import { canonicalJson } from '../../../kernel/canonical-json.js';
import { stateMachine } from '../../../kernel/state-machine.js';
import type { ApprovalRule } from '../rule.js';

export type RequestStatus =
  'open' | 'granted' | 'rejected' | 'expired' | 'replaced' | 'cancelled' | 'void';

/**
 * `granted` goes back to `open` when those who have decided may do so no longer before anything has
 * started. `void`: the subject has changed, and the next number asks anew.
 */
export const requestStates = stateMachine<RequestStatus>('approval request', 'open', {
  open: ['granted', 'rejected', 'expired', 'replaced', 'cancelled', 'void'],
  granted: ['open', 'expired', 'cancelled', 'void'],
  rejected: [],
  expired: [],
  replaced: [],
  cancelled: [],
  void: [],
});

export interface ApprovalRequest {
  readonly deploymentId: string;
  readonly number: number;
  readonly environmentId: string;
  readonly clusterId: string;
  readonly moduleId: string;
  readonly subjectDigest: string;
  readonly rules: readonly ApprovalRule[];
  readonly status: RequestStatus;
  readonly requestedBy: string;
  /** The person behind it; null: nobody is known. */
  readonly requestedByPerson: string | null;
  readonly askedAt: Date;
  readonly deadlineAt: Date;
  readonly endedAt: Date | null;
  readonly endedBy: string | null;
  readonly reason: string | null;
}

/** Whether people decide on the same: their order is no difference. */
export function isSameRules(one: readonly ApprovalRule[], other: readonly ApprovalRule[]): boolean {
  return textOf(one) === textOf(other);
}

const textOf = (rules: readonly ApprovalRule[]) =>
  rules
    .map((rule) => canonicalJson(rule))
    .sort()
    .join('\n');
