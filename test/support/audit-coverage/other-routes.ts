/** Routes that are not done here, and why. */

/** Nothing of a tenant's is another afterwards, or somebody has yet to say the word that counts. */
export const changeNothing: Readonly<Record<string, string>> = {
  'POST /api/v1/deployments/plan': 'Plans, and keeps nothing of it.',
  'POST /api/v1/agent/report':
    'What a node sees, every few seconds. What is done about it has entries.',
  'POST /api/v1/agent/failure-logs':
    'What something has printed that failed. That it did is in the deployment, which has entries.',
  'POST /api/v1/authentication/refresh':
    'A session goes on that has its entry. A token that is shown twice ends it, and is an entry.',
  'POST /api/v1/authentication/passkey/options': 'A challenge, for whoever asks.',
  'POST /api/v1/authentication/step-up/passkey/options': 'A challenge.',
  'POST /api/v1/me/passkeys/options': 'A challenge.',
  'POST /api/v1/approvals/deployments/{deploymentId}/challenge': 'A challenge.',
  'POST /api/v1/me/mfa/totp': 'Counts when it is confirmed, and is gone after ten minutes.',
  'POST /api/v1/me/identities/{id}/start':
    'Sends a browser away; what it comes back with is an entry.',
  'POST /api/v1/identity-providers/{id}/test': 'Asks outside, and keeps nothing of it.',
  'POST /api/v1/federated-identities/{id}/test': 'Says what a token would get, and gives nothing.',
};

/** What needs more than one HTTP request to come about: a test that asks for this entry. */
export const shownIn: Readonly<Record<string, { readonly spec: string; readonly action: string }>> =
  {
    'POST /api/v1/approvals/deployments/{deploymentId}/break-glass': {
      spec: 'approvals-break-glass',
      action: 'break-glass-used',
    },
    'POST /api/v1/approvals/deployments/{deploymentId}/review': {
      spec: 'approvals-break-glass',
      action: 'break-glass-reviewed',
    },
    'POST /api/v1/deployments/{id}/override-freeze': {
      spec: 'freezes',
      action: 'freeze-overridden',
    },
    'POST /api/v1/authentication/token': { spec: 'federation', action: 'workload-token-issued' },
    'POST /api/v1/approvals/deployments/{deploymentId}/withdraw': {
      spec: 'approvals',
      action: 'approval-withdrawn',
    },
    'POST /api/v1/deployments/{id}/promote': {
      spec: 'deployments-promote',
      action: 'promote-requested',
    },
    'POST /api/v1/approvals/external/{gate}/callback': {
      spec: 'external-gates',
      action: 'approval-given',
    },
    'POST /api/v1/authentication/oidc/complete': {
      spec: 'oidc-sign-in',
      action: 'member-admitted',
    },
    'POST /api/v1/authentication/browser/oidc': {
      spec: 'oidc-vouched',
      action: 'member-admitted',
    },
    'POST /api/v1/authentication/browser/switch-tenant': {
      spec: 'browser-sessions',
      action: 'tenant-switched',
    },
    'POST /api/v1/me/identities/{id}/prove': { spec: 'oidc-sign-in', action: 'proof-given' },
    'POST /api/v1/me/identities/complete': { spec: 'oidc-sign-in', action: 'identity-linked' },
    'DELETE /api/v1/me/identities/{id}': { spec: 'oidc-sign-in', action: 'identity-unlinked' },
    'POST /api/v1/identity-providers/{id}/domains/{domainId}/verify': {
      spec: 'oidc-sign-in',
      action: 'domain-verified',
    },
    'POST /api/v1/tenants/{id}/provision': {
      spec: 'tenant-provisioning',
      action: 'tenant-provisioning-began',
    },
    'POST /api/v1/tenants/{id}/resources/{kind}/show': {
      spec: 'tenant-provisioning',
      action: 'tenant-credentials-shown',
    },
    'POST /api/v1/tenants/{id}/resources/{kind}/rotate': {
      spec: 'tenant-provisioning',
      action: 'tenant-credentials-shown',
    },
    'POST /api/v1/authentication/password-reset': {
      spec: 'people-account',
      action: 'password-reset-requested',
    },
    'POST /api/v1/audit-logs/erasures': { spec: 'audit-erase', action: 'audit-erasure-requested' },
    'POST /api/v1/audit-logs/erasures/{id}/confirm': {
      spec: 'audit-erase',
      action: 'audit-erasure-confirmed',
    },
    'POST /api/v1/audit-logs/erasures/{id}/withdraw': {
      spec: 'audit-erase',
      action: 'audit-erasure-withdrawn',
    },
  };
