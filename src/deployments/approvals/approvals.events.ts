/** What is asked of people before a deployment starts, and what they say. */
import { eventType } from '../../platform/events/event.js';
import { Topic } from '../../platform/signal/topics.js';

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
    audit: 'approvals',
    hint: Topic.Deployment,
    delivered: true,
  });

type Decided = {
  readonly decisionId: string;
  readonly by: string;
  readonly comment: string | null;
};
type Ended = { readonly by: string; readonly reason: string };

export const approvalRequested = approvalEvent('approval-requested');
export const approvalGiven = approvalEvent<Decided>('approval-given');
/** The deployment ends as Rejected. */
export const approvalRejected = approvalEvent<Ended>('approval-rejected');
export const approvalCommented = approvalEvent<Decided>('approval-commented');
export const approvalWithdrawn = approvalEvent<Decided>('approval-withdrawn');
/** The subject has changed: what was decided counts no more, and people are asked anew. */
export const approvalsVoided = approvalEvent<{
  readonly reason: string;
  readonly decisions: number;
}>('approvals-voided');
/** Every rule is met: it starts by itself. */
export const approvalGranted = approvalEvent<{ readonly by: string }>('approval-granted');
/** Those who had decided may do so no longer, before anything has started. */
export const approvalReopened = approvalEvent<{ readonly reason: string }>('approval-reopened');
export const approvalExpired = approvalEvent<Ended>('approval-expired');
/** A newer deployment to the same target has taken its place. */
export const approvalReplaced = approvalEvent<Ended>('approval-replaced');
