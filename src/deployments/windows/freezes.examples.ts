export const rulesExample = {
  name: 'Friday evenings',
  reason: 'Nobody is there over the weekend.',
  environments: ['Production'],
  modules: [],
  labels: {},
  verbs: ['start' as const, 'promote' as const],
  window: {
    kind: 'recurring' as const,
    rule: 'FREQ=WEEKLY;BYDAY=FR',
    start: '2026-12-04T16:00',
    duration: 'P2DT16H',
    timeZone: 'Europe/Berlin',
  },
};

export const freezeExample = {
  ...rulesExample,
  id: '0193c2a0-7d3c-7c55-9f0e-0c51a2b3c4d5',
  current: { from: '2026-12-04T15:00:00.000Z', to: '2026-12-07T07:00:00.000Z' },
  next: { from: '2026-12-11T15:00:00.000Z', to: '2026-12-14T07:00:00.000Z' },
  createdBy: 'alice',
  version: 1,
  createdAt: '2026-12-01T08:00:00.000Z',
  changedAt: '2026-12-01T08:00:00.000Z',
};

export const calendarExample = {
  items: [
    {
      freezeId: freezeExample.id,
      name: freezeExample.name,
      from: '2026-12-04T15:00:00.000Z',
      to: '2026-12-07T07:00:00.000Z',
      environments: ['Production'],
      modules: [],
      verbs: ['start', 'promote'],
    },
  ],
};

export const overrideExample = {
  deploymentId: '0193c2a0-7d3c-7c55-9f0e-0c51a2b3c4d6',
  reason: 'It mends the outage; see the incident.',
  by: 'alice',
  at: '2026-12-05T10:00:00.000Z',
};
