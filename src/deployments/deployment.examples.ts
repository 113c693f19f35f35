/** Examples for the OpenAPI document, apart from the controller so that it stays readable. */
const id = '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10';
const links = {
  self: `/api/v1/deployments/${id}`,
  events: `/api/v1/deployments/${id}/events`,
  plan: `/api/v1/deployments/${id}/plan`,
};
const strategy = { kind: 'canary', wavesPercent: [10, 30, 50, 100], spreadBy: ['zone', 'rack'] };
const digest = `sha256:${'4f2c'.repeat(16)}`;

export const requestExample = {
  moduleName: 'payment-processor',
  version: '2.1.0',
  targetEnvironment: 'Production',
  cluster: 'local',
  strategy: { kind: 'canary', wavesPercent: [10, 30, 50, 100] },
  metadata: { commit: '4f2c1e9' },
};

export const acceptedExample = {
  id,
  status: 'Pending',
  moduleName: 'payment-processor',
  version: '2.1.0',
  targetEnvironment: 'Production',
  cluster: 'local',
  strategy,
  links,
};

const waitingOn = {
  kind: 'gate',
  since: '2026-03-01T10:00:12.000Z',
  until: '2026-03-01T10:30:12.000Z',
  who: 'someone who may operate deployments; otherwise it opens when the wave has settled',
  verb: 'promote',
  detail: 'wave 1 is being watched: 2 of 3 good checks',
};

export const summaryExample = {
  id,
  kind: 'deploy',
  status: 'Running',
  reason: null,
  moduleName: 'payment-processor',
  version: '2.1.0',
  targetEnvironment: 'Production',
  cluster: 'local',
  strategy,
  requestedBy: 'deployer',
  createdAt: '2026-03-01T10:00:00.000Z',
  startedAt: '2026-03-01T10:00:01.000Z',
  finishedAt: null,
  waitingOn,
};

export const deploymentExample = {
  ...summaryExample,
  originId: null,
  ending: null,
  revision: 2,
  subjectDigest: digest,
  sequence: 11,
  gate: { kind: 'stabilization', pollIntervalMs: 30000, consecutiveStableChecks: 3 },
  metadata: { commit: '4f2c1e9' },
  progress: {
    percent: 36,
    wave: 1,
    step: 'w1.stabilization',
    title: 'Watch until the wave has settled',
    waves: [
      { wave: 1, nodes: ['node-1'], state: 'watching' },
      { wave: 2, nodes: ['node-2', 'node-3'], state: 'waiting' },
    ],
  },
  gateCheck: {
    step: 'w1.stabilization',
    verdict: 'waiting',
    reason: '2 of 3 good checks',
    reading: { requests: 1240 },
  },
  decision: null,
  links,
};

const step = {
  id: 'w1.move',
  kind: 'move',
  wave: 1,
  title: 'Move 1 node',
  deadlineMs: 60000,
  nodes: ['node-1'],
};

export const planExample = {
  subjectDigest: digest,
  planDigest: digest,
  steps: [step],
  nodes: 6,
  waves: 4,
  leftOut: [{ name: 'node-7', state: 'Cordoned' }],
  approvals: [
    {
      reason: '"Production: an Admin": 1 person',
      name: 'Production: an Admin',
      kind: 'people',
      quorum: 1,
    },
  ],
  strategy,
  warnings: [
    'What runs now is down: 2.0.3 on node-2 (crash-loop). Going back brings back just that.',
  ],
  gate: { kind: 'stabilization', pollIntervalMs: 30000 },
  expectedDurationMs: { least: 480000, most: 7200000 },
};

export const plansExample = {
  subjectDigest: digest,
  plans: [{ number: 1, role: 'forward', planDigest: digest, steps: [step] }],
};

export const eventExample = {
  sequence: 5,
  at: '2026-03-01T10:00:02.000Z',
  type: 'DeploymentProgress',
  kind: 'step-started',
  actor: 'system:engine',
  step: 'w1.move',
  data: { title: 'Move 1 node', wave: 1, kind: 'move' },
};

export const explanationExample = {
  id,
  status: 'Running',
  waitingOn,
  failureLogs: [],
  verbs: ['pause', 'promote', 'cancel'],
  summary: `Wave 1 is being watched: 2 of 3 good checks. To go on: "promote", by ${waitingOn.who}. Next decision by ${waitingOn.until}.`,
};

export const failureLogExample = {
  nodeId: '019a7f40-1000-7aaa-8bbb-0123456789ab',
  node: 'web-1',
  source: '019a7f51-2000-7aaa-8bbb-0123456789ab',
  code: 'exited',
  at: '2026-01-05T08:00:12.000Z',
  generation: 4,
  releaseId: '019a7f3e-4000-7aaa-8bbb-0123456789ab',
  lines: ['connecting to postgres://shop:[masked]@db:5432/shop', 'Error: connection refused'],
  isCut: false,
};

export const verbExample = (verb: string) => ({ id, verb, status: 'Running', links });
