/** Two of the release board, of different teams, as the documentation shows it. */
const board = '019a7f3e-9000-7aaa-8bbb-0123456789ab';
const operations = '019a7f3e-9000-7aaa-8bbb-0123456789ac';

export const approvalPolicyRulesExample = {
  name: 'two of the release board',
  description: 'Whoever builds it does not release it.',
  environment: 'Production',
  modules: null,
  labels: {},
  strategies: null,
  kind: 'people',
  approvers: { roles: [], groups: [board, operations], users: [] },
  quorum: 2,
  distinctGroups: { groups: [board, operations], count: 2 },
  bars: ['requester', 'release-author'],
  decisionValidMs: null,
  timeoutMs: 86_400_000,
  reasonRequired: false,
  passkeyRequired: false,
  external: null,
};

export const approvalPolicyExample = {
  id: '019a7f3e-b000-7aaa-8bbb-0123456789ab',
  ...approvalPolicyRulesExample,
  named: [
    { kind: 'group', id: board, name: 'release-board' },
    { kind: 'group', id: operations, name: 'operations' },
  ],
  version: 1,
  createdAt: '2026-05-04T09:12:33.000Z',
};
