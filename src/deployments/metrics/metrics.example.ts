/** What the document shows of it. */
const series = {
  moduleId: '019a7f3e-5002-7a0b-8c1d-2e3f4a5b6c7d',
  module: 'payment-processor',
  releaseId: '019a7f3e-5003-7a0b-8c1d-2e3f4a5b6c7d',
  version: '2.1.0',
  nodeId: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  node: 'web-1',
  nodes: 1,
  requests: 600,
  reporting: [1, 0],
  requestsPerSecond: [40, null],
  errorPercent: [0.5, null],
  p50Ms: [11.2, null],
  p95Ms: [38.4, null],
  p99Ms: [61.9, null],
  cpuCores: [0.21, null],
  memoryMiB: [143.5, null],
};

export const clusterMetricsExample = {
  from: '2026-01-05T09:15:00.000Z',
  to: '2026-01-05T09:15:30.000Z',
  stepMs: 15_000,
  points: 2,
  by: 'node' as const,
  series: [series],
  leftOut: 0,
};

const notJudged = { value: [null], baseline: [null], limit: [null] };

export const deploymentMetricsExample = {
  ...clusterMetricsExample,
  gates: [
    {
      step: 'w1.stabilization',
      wave: 1,
      kind: 'stabilization',
      nodes: ['web-1'],
      verdict: 'waiting' as const,
      decidedAt: null,
      polls: 1,
      unit: null,
      at: ['2026-01-05T09:15:15.000Z'],
      errorPercent: { value: [0.5], baseline: [0.4], limit: [1.4] },
      latencyMs: { value: [38.4], baseline: [36], limit: [54] },
      cpu: notJudged,
      memory: notJudged,
    },
  ],
};
