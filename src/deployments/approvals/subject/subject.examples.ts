/** Examples for the OpenAPI document, apart from the controller so that it stays readable. */
const id = '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10';
const digestOf = (word: string) => `sha256:${word.repeat(16)}`;
const subjectDigest = digestOf('4f2c');
const place = {
  moduleName: 'payment-processor',
  targetEnvironment: 'Production',
  cluster: 'local',
};
const asked = {
  requestedBy: 'deployer',
  askedAt: '2026-11-30T10:00:01.000Z',
  deadlineAt: '2026-12-01T10:00:01.000Z',
  subjectDigest,
};

export const pendingExample = {
  id,
  kind: 'deploy',
  version: '2.1.0',
  ...place,
  strategy: 'canary',
  requestNumber: 1,
  ...asked,
  rules: [{ name: 'One admin', quorum: 1 }],
  approvedBy: [],
};

const request = { number: 1, status: 'open', ...asked, endedAt: null, endedBy: null, reason: null };

const decision = {
  id: '0199a3c4-11aa-7c4a-9d55-0f6f3b1c2a10',
  by: 'carla',
  verb: 'comment',
  comment: 'Who looks at the pool on Monday?',
  at: '2026-11-30T10:02:00.000Z',
  subjectDigest,
  voidedAt: null,
  voidReason: null,
};

export const historyExample = {
  deploymentId: id,
  status: 'PendingApproval',
  requests: [
    {
      ...request,
      rules: [{ name: 'One admin', version: 3, quorum: 1 }],
      decisions: [decision],
    },
  ],
};

const none = { changes: [], more: 0 };
const changed = (path: string, before: string | number, after: string | number) => ({
  changes: [{ path, change: 'changed', before, after, isCut: false }],
  more: 0,
});

const earlier = {
  id: '0199a2b0-7d1e-7c4a-9d55-0f6f3b1c2a10',
  kind: 'deploy',
  version: '2.1.0',
  environment: 'Staging',
  cluster: 'local',
  status: 'Succeeded',
  requestedBy: 'deployer',
  createdAt: '2026-11-29T15:00:00.000Z',
  finishedAt: '2026-11-29T15:20:00.000Z',
  reason: null,
  verdicts: { stable: 4, unstable: 0, inconclusive: 0 },
};

const rule = {
  policyId: '0199a100-7d1e-7c4a-9d55-0f6f3b1c2a10',
  name: 'One admin',
  version: 3,
  kind: 'people',
  need: 1,
  have: 0,
  isMet: false,
  missing: '1 of 1 decision',
  approvers: { roles: ['Admin'], groups: [], users: [] },
  distinctGroups: null,
  decided: [],
  possible: ['admin', 'carla'],
  morePossible: 0,
  barred: [{ name: 'deployer', because: 'requester' }],
  reasonRequired: false,
  passkeyRequired: false,
  decisionValidMs: null,
};

export const subjectExample = {
  deploymentId: id,
  kind: 'deploy',
  status: 'PendingApproval',
  version: '2.1.0',
  ...place,
  requestedBy: 'deployer',
  createdAt: '2026-11-30T10:00:00.000Z',
  metadata: { commit: '4f2c1e9' },
  subjectDigest,
  request,
  isDowngrade: false,
  release: {
    releaseDigest: digestOf('9a1b'),
    artifactDigest: digestOf('77c0'),
    createdBy: 'key:ci',
    createdAt: '2026-11-29T14:00:00.000Z',
    signedWith: 'ci-2026',
  },
  configuration: {
    number: 4,
    configurationDigest: digestOf('5d0e'),
    createdBy: 'dora',
    createdAt: '2026-11-28T09:00:00.000Z',
  },
  running: [
    {
      version: '2.0.3',
      releaseDigest: digestOf('3e21'),
      configurationNumber: 3,
      nodes: 6,
      down: 0,
      isCompared: true,
    },
  ],
  differences: {
    manifest: changed('/health/timeoutMs', 1000, 2000),
    configuration: changed('/POOL_SIZE', '20', '40'),
  },
  nodes: {
    items: [
      {
        name: 'node-1',
        state: 'Healthy',
        wave: 1,
        change: 'changed',
        before: '2.0.3',
        after: '2.1.0',
      },
    ],
    more: 0,
  },
  strategy: { kind: 'canary', params: { wavesPercent: [10, 30, 50, 100] }, differs: none },
  gate: {
    kind: 'stabilization',
    environmentKind: 'stabilization',
    limits: [{ name: 'consecutiveStableChecks', value: 5, environment: 3, standing: 'stricter' }],
  },
  releaseHistory: [earlier],
  waiting: [],
  rules: [rule],
  decisions: [decision],
  you: { canDecide: true, why: null },
};
