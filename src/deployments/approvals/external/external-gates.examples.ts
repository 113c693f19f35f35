const rules = {
  name: 'ServiceNow',
  url: 'https://example.service-now.com/api/x_tidegate/gate',
  deadlineMinutes: 240,
};

const gate = {
  id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  ...rules,
  callbackUrl:
    'https://tidegate.example.com/api/v1/approvals/external/019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f/callback',
  version: 1,
  createdAt: '2026-11-30T09:00:00.000Z',
};

export const externalGateExample = {
  request: rules,
  response: gate,
  withSecret: { ...gate, secret: 'tgx_(shown only once)' },
};

export const gateAnswerExample = {
  deploymentId: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e60',
  subjectDigest: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  nonce: 'l2cTmHSBw1b9pJ0rR8nZk3VYxQm0aC5dEfGhIjKlMnO',
  decision: 'approve' as const,
  comment: 'CHG0030007, approved by the change board',
};
