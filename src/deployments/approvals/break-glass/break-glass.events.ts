/** What alarms: a deployment that starts without its approvals, and whether anybody has looked at it since. */
import { eventType } from '../../../platform/events/event.js';
import { Topic } from '../../../platform/signal/topics.js';
import type { ApprovalFacts } from '../approvals.events.js';

export type Verdict = 'justified' | 'unjustified';

type Used = {
  readonly by: string;
  readonly personId: string;
  readonly reason: string;
  readonly reviewDueAt: string;
};

/** Of the deployment, as those of approvals: whoever listens to these hears that. */
const ofDeployment = {
  subject: 'deployment',
  audit: 'approval',
  hint: Topic.Deployment,
  delivered: true,
} as const;

export const breakGlassUsed = eventType<ApprovalFacts & Used>({
  name: 'break-glass-used',
  ...ofDeployment,
});

type About = {
  readonly module: string;
  readonly version: string;
  readonly environment: string;
  readonly requestedBy: string | null;
  readonly requestNumber: number;
};

export const breakGlassReviewedEvent = eventType<
  About & { readonly by: string; readonly verdict: Verdict; readonly comment: string }
>({ name: 'break-glass-reviewed', ...ofDeployment });

/** Once for each. */
export const breakGlassOverdue = eventType<About & Used>({
  name: 'break-glass-overdue',
  ...ofDeployment,
});
