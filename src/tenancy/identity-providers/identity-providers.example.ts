const rules = {
  name: 'Company',
  issuer: 'https://login.example.com/realms/company',
  clientId: 'tidegate',
  scopes: ['openid', 'profile', 'email'],
  claims: {
    username: 'preferred_username',
    email: 'email',
    emailVerified: 'email_verified',
    displayName: 'name',
  },
  factor: { counts: 'when-said' as const, amr: ['mfa', 'otp'], acr: [] },
  admissions: [{ by: 'domain' as const }],
  rules: [
    {
      when: { claim: 'groups', value: 'platform-team' },
      role: 'Deployer',
      modules: null,
      environments: ['Development', 'Staging'],
      group: null,
    },
  ],
  isEnabled: true,
  isRequired: false,
  emergency: { usernames: ['break-glass'], roles: [] },
};

const id = '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f';

export const identityProviderExample = {
  request: { ...rules, clientSecret: 'as the provider has shown it' },
  response: {
    id,
    ...rules,
    hasSecret: true,
    redirectUri: `https://tidegate.example.com/api/v1/authentication/oidc/${id}/callback`,
    version: 1,
    createdAt: '2026-01-05T08:00:00.000Z',
  },
};
