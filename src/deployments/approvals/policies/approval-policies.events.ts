import { eventType } from '../../../platform/events/event.js';
import type { ApprovalPolicyRules } from './approval-policy.js';

/** As it is written down: with ids, where somebody may have said names. */
export type PolicyFacts = ApprovalPolicyRules & { readonly version: number };

/** Whatever was asked for under a policy before is not what it asks for now. */
export const approvalPolicyChanged = eventType<{
  readonly change: 'created' | 'changed' | 'deleted';
  readonly before: PolicyFacts | null;
  readonly after: PolicyFacts | null;
  /** Names; null: every environment. Before and after, if it was moved. */
  readonly environments: readonly (string | null)[];
}>({
  name: 'approval-policy-changed',
  subject: 'approval-policy',
  audit: 'approval',
  delivered: true,
});
