import { errorEntry } from '../../../kernel/error-entry.js';
import { changeLimits } from '../../../kernel/change-limits.js';
import type { Shortfall } from './shortfall.js';

export const approvalPolicyNotFound = errorEntry({
  code: 'approval-policy-not-found',
  kind: 'not-found',
  meaning: 'The tenant has no approval policy with this id. `GET /approval-policies` lists them.',
});

export const approvalPolicyExists = errorEntry({
  code: 'approval-policy-exists',
  kind: 'conflict',
  meaning: 'An approval policy of that name exists, perhaps with different capitals.',
  tell: (name: string) => `There is an approval policy "${name}" already. Choose another name.`,
});

export const approvalPolicyLimit = errorEntry({
  code: 'approval-policy-limit',
  kind: 'limit',
  meaning: 'The tenant has reached its limit of approval policies.',
  tell: () =>
    `A tenant has at most ${changeLimits.approvalPoliciesPerTenant} approval policies. Change an existing one.`,
});

export const approverUnknown = errorEntry({
  code: 'approver-unknown',
  kind: 'unprocessable',
  meaning:
    'The policy names a role, group or person that the tenant does not have; `details` says which.',
  tell: (kind: 'role' | 'group' | 'user', name: string) => ({
    text: `The tenant has no ${kind === 'user' ? 'member' : kind} "${name}". ${LISTED_AT[kind]} lists them.`,
    details: { kind, name },
  }),
});

const LISTED_AT = {
  role: 'GET /api/v1/roles',
  group: 'GET /api/v1/groups',
  user: 'GET /api/v1/users',
} as const;

export const approvalPolicyUnmeetable = errorEntry({
  code: 'approval-policy-unmeetable',
  kind: 'unprocessable',
  meaning:
    'No set of present members could meet the policy: `details.part` says what is too little, `approvers` (fewer may decide than its quorum) or `distinct-groups` (they stand for fewer groups than it counts). Only active members count who hold `approvals:decide` there.',
  tell: ({ part, have, need }: Shortfall) => ({
    text:
      part === 'approvers'
        ? `Nobody could meet this policy now: it needs ${need}, and of those whom it names ${have} may decide there. Name more people, give them a role with "approvals:decide", or lower the quorum.`
        : `Nobody could meet this policy now: its approvers stand for ${have} different groups of those that it names, and it needs ${need}. One person stands for one group: put others into the groups, or lower the count.`,
    details: { part, have, need },
  }),
});

export const externalGateUnknown = errorEntry({
  code: 'external-gate-unknown',
  kind: 'unprocessable',
  meaning:
    'The policy names an external gate that the tenant does not have, or that cannot be asked.',
});
