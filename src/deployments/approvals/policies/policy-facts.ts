import type { PolicyFacts } from './approval-policies.events.js';
import type { ApprovalPolicyView } from './approval-policy.js';

/** What an audit entry keeps of a policy. */
export function factsOf(policy: ApprovalPolicyView): PolicyFacts {
  const { id: _id, named: _named, createdAt: _createdAt, ...facts } = policy;
  return facts;
}
