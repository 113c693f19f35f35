const used = {
  id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  deploymentId: '019a7f3e-4000-7aaa-8bbb-0123456789ab',
  module: 'orders',
  version: '2.4.1',
  environment: 'Production',
  requestNumber: 1,
  subjectDigest: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  usedBy: 'ada',
  reason: 'Customers cannot pay, and nobody else is awake.',
  usedAt: '2026-11-30T03:12:00.000Z',
  reviewDueAt: '2026-12-03T03:12:00.000Z',
  isOverdue: false,
  verdict: null,
  reviewedBy: null,
  reviewedAt: null,
  comment: null,
};

const review = { verdict: 'justified' as const, comment: 'It was the only way that night.' };

export const breakGlassExample = {
  use: { reason: used.reason, subjectDigest: used.subjectDigest },
  used,
  review,
  reviewed: { ...used, ...review, reviewedBy: 'grace', reviewedAt: '2026-11-30T09:00:00.000Z' },
};
