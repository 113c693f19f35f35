const subjectDigest = 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

export const challengeExample = { decision: 'approve' as const, subjectDigest };

export const evidenceExample = {
  decisionId: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  personId: '019a7f3e-4000-7aaa-8bbb-0123456789ab',
  actor: 'ada',
  verb: 'approve' as const,
  at: '2026-11-30T09:00:00.000Z',
  evidence: {
    kind: 'passkey' as const,
    signed: '{"decision":"approve", … }',
    rpId: 'tidegate.example.com',
    origin: 'https://tidegate.example.com',
    credentialId: 'dGhlIGlkIG9mIGEgcGFzc2tleQ',
    publicKey: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE',
    algorithm: -7,
    clientDataJSON: 'eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0',
    authenticatorData: 'SZYN5YgOjGh0NBcP',
    signature: 'MEUCIQDx',
  },
};
