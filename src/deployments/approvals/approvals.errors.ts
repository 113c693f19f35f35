import { counted } from '../../kernel/counted.js';
import { errorEntry } from '../../kernel/error-entry.js';
import { limits } from '../../kernel/limits.js';

/** What decisions on deployments can answer. */

export const approvalNotOpen = errorEntry({
  code: 'approval-not-open',
  kind: 'conflict',
  meaning:
    'There is nothing to decide on this deployment now: nobody has been asked yet, or the decision has been made. `details` has both statuses.',
  tell: (deployment: string, request: string | null) => ({
    text:
      request === null
        ? `Nobody has been asked to approve this deployment; it is ${deployment}.`
        : `This has already been decided: the approval is ${request}, the deployment ${deployment}.`,
    details: { status: deployment, approval: request },
  }),
});

export const approvalSubjectChanged = errorEntry({
  code: 'approval-subject-changed',
  kind: 'conflict',
  meaning:
    'What you decided on is no longer what would be deployed: the subject or a policy has changed. Read `…/subject` again and decide on that.',
  tell: (present: string) => ({
    text: 'What you decided on is no longer what would be deployed. Look at the subject again and decide on that.',
    details: { subjectDigest: present },
  }),
});

export const approvalNeedsPerson = errorEntry({
  code: 'approval-needs-person',
  kind: 'forbidden',
  meaning:
    'Access keys, exchanged tokens, directories and platform admins acting in another tenant cannot decide, whatever else they may do.',
  tell: (who: string) =>
    `${who} cannot decide: approvals come from people of this tenant, signed in as themselves.`,
});

export const notAnApprover = errorEntry({
  code: 'not-an-approver',
  kind: 'forbidden',
  meaning: 'No rule of this approval lets you decide. `details.rules` has the rules.',
  tell: (rules: readonly string[]) => ({
    text: `You are not among those who may decide here (${rules.join(', ')}).`,
    details: { rules },
  }),
});

export const approvalBarred = errorEntry({
  code: 'approval-barred',
  kind: 'forbidden',
  meaning:
    'A rule of this approval keeps you from deciding, because the deployment is your own work (`details.bars`). Somebody else has to decide.',
  tell: (rule: string, bars: readonly string[]) => ({
    text: `"${rule}" keeps you from deciding: you are the ${bars.map(barText).join(' and the ')}. Somebody else has to.`,
    details: { rule, bars },
  }),
});

const barText = (bar: string) =>
  ({
    requester: 'one who asked for this deployment',
    'release-author': 'author of its release',
    'configuration-editor': 'last editor of its configuration',
  })[bar] ?? bar;

export const approvalReasonRequired = errorEntry({
  code: 'approval-reason-required',
  kind: 'unprocessable',
  meaning: 'A rule of this approval requires a comment with each decision.',
  tell: (rule: string) => ({
    text: `"${rule}" requires a comment: send one with your decision.`,
    details: { rule },
  }),
});

export const approvalPasskeyRequired = errorEntry({
  code: 'approval-passkey-required',
  kind: 'forbidden',
  meaning:
    'A rule of this approval counts only decisions that were signed with a passkey: in a browser, with the answer to `POST /approvals/deployments/{deploymentId}/challenge` as `assertion`.',
  tell: (rule: string) => ({
    text: `"${rule}" counts only decisions that are signed with a passkey. Decide in a browser, where your passkey is; the command line cannot ask it.`,
    details: { rule },
  }),
});

export const approvalDowngrade = errorEntry({
  code: 'approval-downgrade',
  kind: 'conflict',
  meaning:
    'What would be deployed is older than what runs there now (`details`). Send `acknowledgeDowngrade` when that is what you want.',
  tell: (there: { running: string; wanted: string; cluster: string }) => ({
    text: `Cluster "${there.cluster}" runs ${there.running}, which is newer than ${there.wanted}. Send "acknowledgeDowngrade": true when you want the older one.`,
    details: there,
  }),
});

export const approvalImpossible = errorEntry({
  code: 'approval-impossible',
  kind: 'conflict',
  meaning:
    'Fewer people than a rule needs can approve this deployment once those who are barred are left out (`details`). Invite somebody, or change the policy.',
  tell: (rule: string, could: number, quorum: number, isOfGroups: boolean) => ({
    text:
      `"${rule}" needs ${counted(quorum, 'person')}${isOfGroups ? ' of different groups' : ''} to approve this, and ` +
      `${could === 0 ? 'nobody' : `only ${could}`} could: whoever asked, or made it, may be barred. ` +
      'Invite somebody who may decide (POST /api/v1/users/invitations), or change the policy (PUT /api/v1/approval-policies/{id}).',
    details: { rule, could, quorum },
  }),
});

export const nothingToWithdraw = errorEntry({
  code: 'nothing-to-withdraw',
  kind: 'conflict',
  meaning: 'You have not approved this deployment, or have withdrawn that already.',
  tell: () => 'You have no approval to withdraw.',
});

export const approvalCommentsFull = errorEntry({
  code: 'approval-comments-full',
  kind: 'conflict',
  meaning: 'This deployment has as many decisions and comments as are kept.',
  tell: () =>
    `${limits.approvalDecisions} decisions and comments are kept for a deployment, and this one has them. Decide, or cancel it.`,
});
