/** What is asked of people before a deployment starts, and what they say. */
import { eventType } from '../../platform/events/event.js';
import { Topic } from '../../platform/signal/topics.js';
import type { RuleKind } from './rule.js';

/** What whoever is told must know, without looking anything up. */
export type ApprovalFacts = {
  readonly module: string;
  readonly version: string;
  readonly environment: string;
  /** The person behind it; null: none is known. */
  readonly requestedBy: string | null;
  readonly requestNumber: number;
  readonly subjectDigest: string;
  readonly deadlineAt: string;
  /** Their names. */
  readonly rules: readonly string[];
};

const approvalEvent = <More extends Readonly<Record<string, unknown>> = Record<never, never>>(
  name: string,
) =>
  eventType<ApprovalFacts & More>({
    name,
    subject: 'deployment',
    audit: 'approval',
    hint: Topic.Deployment,
    delivered: true,
  });

type Decided = {
  readonly decisionId: string;
  readonly by: string;
  readonly comment: string | null;
};

/** By whom, beside their name; and what proved it beyond the session, which is kept with the decision. */
export type Proved = {
  readonly personId: string | null;
  readonly gateId: string | null;
  readonly evidence: { readonly kind: string; readonly digest: string } | null;
};

/** A rule that was met, and by what. */
export type CountedRule = {
  readonly policyId: string | null;
  readonly version: number;
  readonly name: string;
  readonly kind: RuleKind;
  readonly quorum: number;
  readonly passkeyRequired: boolean;
  readonly decisions: readonly {
    readonly decisionId: string;
    readonly personId: string | null;
    readonly gateId: string | null;
    /** Those that the rule names and they hold there at that moment. */
    readonly roles: readonly string[];
    readonly groups: readonly string[];
  }[];
};

type Ended = { readonly by: string; readonly reason: string };

export const approvalRequested = approvalEvent('approval-requested');
export const approvalGiven = approvalEvent<Decided & Proved>('approval-given');
/** The deployment ends as Rejected. */
export const approvalRejected = approvalEvent<Ended & Proved & { readonly decisionId: string }>(
  'approval-rejected',
);
export const approvalCommented = approvalEvent<Decided>('approval-commented');
export const approvalWithdrawn = approvalEvent<Decided>('approval-withdrawn');
/** The subject has changed: what was decided counts no more, and people are asked anew. */
export const approvalsVoided = approvalEvent<{
  readonly reason: string;
  readonly decisions: number;
}>('approvals-voided');
/** Every rule is met: it starts by itself. */
export const approvalGranted = approvalEvent<{
  readonly by: string;
  readonly counted: readonly CountedRule[];
  /** Somebody has taken it upon themselves, in place of the quorum. */
  readonly isOverridden: boolean;
}>('approval-granted');
/** Those who had decided may do so no longer, before anything has started. */
export const approvalReopened = approvalEvent<{ readonly reason: string }>('approval-reopened');
export const approvalExpired = approvalEvent<Ended>('approval-expired');
/** A newer deployment to the same target has taken its place. */
export const approvalReplaced = approvalEvent<Ended>('approval-replaced');
