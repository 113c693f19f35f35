/** What the document shows of it. */
const id = '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10';

export const attentionExample = {
  id: `gate:${id}`,
  kind: 'gate',
  subject: { kind: 'deployment' as const, id },
  detail: 'inconclusive: too few requests to say',
  since: '2026-01-05T09:31:00.000Z',
  until: '2026-01-06T09:31:00.000Z',
  environment: 'Production',
  cluster: 'eu-1',
  module: 'payment-processor',
  version: '2.1.0',
  node: null,
  by: 'deployer',
  who: 'someone who may operate deployments',
  verbs: [
    {
      verb: 'resume',
      method: 'POST' as const,
      path: `/api/v1/deployments/${id}/resume`,
      command: `tidegate deployments resume ${id}`,
      permission: 'deployments:resume',
      may: true,
      why: null,
    },
  ],
  may: true,
};

export const countsExample = { total: 1, kinds: { approval: 0, gate: 1 } };
