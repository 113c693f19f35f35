const amounts = {
  requests: 1_204,
  failures: 3,
  sentBytes: 981_233,
  busyMs: 15_830,
  deployments: 4,
};

export const exampleUsage = {
  from: '2026-11-01',
  to: '2026-11-30',
  requestsMayLackSeconds: 10,
  totals: amounts,
  storedBytes: 52_428_800,
  rows: [{ day: '2026-11-30', module: '', environment: '', ...amounts }],
  cost: {
    currency: 'EUR',
    lines: [{ of: 'deployments', quantity: 4, price: 0.05, per: 1, amount: 0.2 }],
    total: 0.2,
  },
};

export const examplePlatformUsage = {
  from: '2026-11-01',
  to: '2026-11-30',
  requestsMayLackSeconds: 10,
  totals: amounts,
  tenants: [{ tenantId: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f', slug: 'acme', ...amounts }],
};
