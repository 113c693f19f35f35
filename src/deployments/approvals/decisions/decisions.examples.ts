import type { ApprovalState } from './decisions.dto.js';

const open: ApprovalState = {
  deploymentId: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  deploymentStatus: 'PendingApproval',
  requestNumber: 1,
  status: 'open',
  subjectDigest: `sha256:${'4f'.repeat(32)}`,
  requestedBy: 'deployer',
  askedAt: '2026-01-05T08:00:00.000Z',
  deadlineAt: '2026-01-06T08:00:00.000Z',
  rules: [
    {
      name: 'Production: an Admin',
      kind: 'people',
      isMet: false,
      have: 0,
      need: 1,
      missing: '1 of 1 decision',
    },
  ],
};

const [rule] = open.rules;

export const decisionExamples = {
  open,
  granted: {
    ...open,
    status: 'granted',
    rules: [{ ...rule!, isMet: true, have: 1, missing: null }],
  },
  rejected: { ...open, status: 'rejected' },
  approve: { subjectDigest: open.subjectDigest, comment: 'looked at the diff; go on' },
  reject: { reason: 'not on a Friday' },
  comment: { comment: 'what does the new limit mean for the batch jobs?' },
  withdraw: { reason: 'the numbers from staging changed my mind' },
} as const;
