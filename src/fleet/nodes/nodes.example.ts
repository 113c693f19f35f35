/** A node as the documentation shows it. */
export const nodeExample = {
  id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  name: 'web-1',
  environment: 'Production',
  cluster: 'local',
  clusterId: '019a7f3e-5001-7a0b-8c1d-2e3f4a5b6c7d',
  labels: { zone: 'a' },
  state: 'Healthy',
  stateSince: '2026-01-05T08:00:00.000Z',
  agentVersion: '0.1.0',
  lastReportAt: '2026-01-05T09:30:05.000Z',
  createdAt: '2026-01-05T08:00:00.000Z',
  drift: false,
  modules: [
    {
      moduleId: '019a7f3e-5002-7a0b-8c1d-2e3f4a5b6c7d',
      name: 'payment-processor',
      generation: 4,
      observedGeneration: 4,
      state: 'healthy',
      desired: [{ releaseId: '019a7f3e-5003-7a0b-8c1d-2e3f4a5b6c7d', version: '2.1.0' }],
      running: [{ releaseId: '019a7f3e-5003-7a0b-8c1d-2e3f4a5b6c7d', version: '2.1.0' }],
      reason: null,
      endpoints: ['http://127.0.0.1:8080'],
      drift: false,
    },
  ],
};
