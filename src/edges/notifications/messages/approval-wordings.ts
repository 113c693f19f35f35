/** What is said of approvals, and of the ways around them. */
import { Permission } from '../../../kernel/permission.js';
import type { EventName } from './event-names.js';
import { durationText, timeText } from './message-text.js';
import { type Occurrence, textIn, timeIn } from './occurrence.js';
import {
  actorField,
  approvalPage,
  list,
  placeFields,
  placeOf,
  rolloutOf,
  text,
  time,
  type Wording,
} from './wording.js';

const asked = [
  ...placeFields,
  text('Asked for by', 'requestedByName'),
  list('Policies', 'rules'),
  time('Decide by', 'deadlineAt'),
];
const sample = {
  version: '2.1.0',
  requestNumber: 1,
  requestedByName: 'grace',
  rules: ['Production needs an Admin'],
  deadlineAt: '2026-12-01T09:00:00.000Z',
};

type Said = Pick<Wording, 'title' | 'lines'> & Partial<Wording>;

const approval = (said: Said): Wording => ({
  fields: asked,
  page: approvalPage,
  readers: Permission.DeploymentsRead,
  ...said,
  sample: { ...sample, ...said.sample },
});

const decided = (title: string, line: string): Wording =>
  approval({
    title: (of) => `${title}: ${rolloutOf(of)}`,
    lines: (of) => [`${of.actor} ${line} ${rolloutOf(of)}.`],
    fields: [...asked, text('Comment', 'comment'), text('Reason', 'reason')],
    sample: { comment: 'The figures of Staging look good.' },
  });

function leftUntil(of: Occurrence): string {
  const deadline = timeIn(of, 'deadlineAt');
  if (deadline === null) return 'It is still waiting for a decision.';
  const leftMs = deadline.getTime() - of.at.getTime();
  if (leftMs <= 0) return `Its time ran out at ${timeText(deadline)}.`;
  return `It is rejected automatically in ${durationText(leftMs)} unless it is approved.`;
}

/** As it is called now, or was when it was deleted. */
function policyIn({ body }: Occurrence): string {
  const policy = (body.after ?? body.before) as { readonly name?: unknown } | null | undefined;
  return typeof policy?.name === 'string' ? policy.name : 'a policy';
}

export const approvalWordings = {
  'approval-requested': approval({
    title: (of) => `Approval asked for: ${rolloutOf(of)}`,
    lines: (of) => [
      `${textIn(of, 'requestedByName') ?? of.actor} wants to deploy ${rolloutOf(of)}, which people must approve.`,
      'See what would change, and decide, on its page.',
    ],
  }),
  'approval-given': decided('Approved', 'has approved'),
  'approval-rejected': decided('Rejected', 'has rejected'),
  'approval-commented': decided('Comment', 'has commented on'),
  'approval-withdrawn': decided('Approval withdrawn', 'has withdrawn a decision about'),
  'approvals-voided': approval({
    title: (of) => `Approvals void: ${rolloutOf(of)}`,
    lines: (of) => [
      `What people had approved of ${rolloutOf(of)} has changed, so their decisions no longer count.`,
    ],
    fields: [...asked, text('Reason', 'reason')],
    sample: { reason: 'the configuration has changed' },
  }),
  'approval-granted': approval({
    title: (of) => `Approved, and starting: ${rolloutOf(of)}`,
    lines: (of) => [`Every policy is met. ${rolloutOf(of)} starts now.`],
  }),
  'approval-reopened': approval({
    title: (of) => `To be decided again: ${rolloutOf(of)}`,
    lines: (of) => [
      `Somebody who had approved ${rolloutOf(of)} may no longer do so, so a decision is missing again.`,
    ],
    fields: [...asked, text('Reason', 'reason')],
  }),
  'approval-replaced': approval({
    title: (of) => `Replaced by a newer one: ${rolloutOf(of)}`,
    lines: (of) => [
      `A newer deployment to the same place has taken the place of ${rolloutOf(of)}, which no longer needs a decision.`,
    ],
    fields: [...asked, text('Reason', 'reason')],
  }),
  'approval-expired': approval({
    title: (of) => `Approval expired: ${rolloutOf(of)}`,
    lines: (of) => [`Nobody decided in time. ${rolloutOf(of)} was rejected by the system.`],
  }),
  'approval-reminded': approval({
    title: (of) => `Still to be decided: ${rolloutOf(of)}`,
    lines: (of) => [`${rolloutOf(of)} waits for approval.`, leftUntil(of)],
  }),
  'approval-escalated': approval({
    title: (of) => `Nobody has decided yet: ${rolloutOf(of)}`,
    lines: (of) => [
      `${rolloutOf(of)} waits for approval, and those who were asked have not decided.`,
      leftUntil(of),
    ],
  }),
  'approval-overdue': approval({
    title: (of) => `Approval overdue: ${rolloutOf(of)}`,
    lines: (of) => [
      `${rolloutOf(of)} still waits for approval, although its time has run out. It should have been rejected automatically: is a worker running?`,
    ],
  }),
  'approval-policy-changed': approval({
    title: (of) => `Approval policy ${textIn(of, 'change') ?? 'changed'}: ${policyIn(of)}`,
    lines: (of) => [
      `${of.actor} has changed who must approve deployments to ${placeOf(of)}.`,
      'What waits for approval there is asked again.',
    ],
    fields: [(of) => ({ name: 'Policy', value: policyIn(of) }), actorField],
    page: () => null,
    readers: Permission.ApprovalsRead,
    sample: { change: 'changed', after: { name: 'Production needs an Admin' } },
  }),
  'break-glass-used': approval({
    title: (of) => `Break-glass used: ${rolloutOf(of)}`,
    lines: (of) => [
      `${of.actor} has started ${rolloutOf(of)} without the approvals that it needs.`,
      'Somebody else who may decide must review it.',
    ],
    fields: [
      ...placeFields,
      text('Reason', 'reason'),
      time('Review by', 'reviewDueAt'),
      actorField,
    ],
    sample: { reason: 'Payments are down.', reviewDueAt: '2026-12-02T09:00:00.000Z' },
  }),
  'break-glass-reviewed': approval({
    title: (of) => `Break-glass reviewed: ${rolloutOf(of)}`,
    lines: (of) => [
      `${of.actor} has reviewed that ${rolloutOf(of)} was started without approvals.`,
    ],
    fields: [...placeFields, text('Verdict', 'verdict'), text('Comment', 'comment')],
    sample: { verdict: 'justified', comment: 'It could not wait.' },
  }),
  'break-glass-overdue': approval({
    title: (of) => `Break-glass not reviewed: ${rolloutOf(of)}`,
    lines: (of) => [
      `${rolloutOf(of)} was started without the approvals that it needs, and nobody has reviewed it in time.`,
    ],
    fields: [...placeFields, text('Reason', 'reason'), time('Review by', 'reviewDueAt')],
    sample: { reason: 'Payments are down.', reviewDueAt: '2026-12-02T09:00:00.000Z' },
  }),
} as const satisfies Partial<Record<EventName, Wording>>;
