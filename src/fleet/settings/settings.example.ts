/** Settings as the documentation shows them. */

export const summaryExample = {
  key: 'sockets.per-user',
  value: 10,
  source: 'tenant' as const,
  scopes: ['platform' as const, 'tenant' as const],
  mayOnlyTighten: true,
  isSecret: false,
};

export const settingExample = {
  ...summaryExample,
  description: 'Open sockets of one person in one process.',
  default: 20,
  schema: { type: 'integer', minimum: 1, maximum: 1_000 },
  scope: 'tenant' as const,
  environment: null,
  version: 3,
  levels: [
    {
      source: 'default' as const,
      environment: null,
      value: 20,
      isOverruled: false,
      version: null,
      changedBy: null,
      changedAt: null,
    },
    {
      source: 'tenant' as const,
      environment: null,
      value: 10,
      isOverruled: false,
      version: 3,
      changedBy: 'ada',
      changedAt: '2026-01-05T08:00:00.000Z',
    },
  ],
};

export const changeExample = {
  id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  at: '2026-01-05T08:00:00.000Z',
  actor: 'ada',
  scope: 'tenant' as const,
  environment: null,
  version: 3,
  wasSet: true,
  before: 15,
  isSet: true,
  value: 10,
  reason: 'A dashboard for each of us.',
};
