import { permissionsOf } from './grantable.js';

const clauses = [
  { claim: 'repository_id', oneOf: ['718293104'], label: 'acme/shop' },
  { claim: 'repository_owner_id', oneOf: ['9919'], label: 'acme' },
  { claim: 'ref', oneOf: ['refs/heads/main', 'refs/tags/v*'] },
];

export const created = {
  name: 'shop-release',
  issuerKind: 'github',
  rules: [{ name: 'main', clauses }],
  permissions: 'deploy',
  modules: ['shop'],
  environments: ['Production'],
};

export const replaced = {
  description: '',
  rules: [{ name: 'main', clauses }],
  permissions: 'deploy',
  modules: ['shop'],
  environments: ['Production'],
};

export const identity = {
  id: '019a7f3e-5000-7aaa-8bbb-0123456789ab',
  name: 'shop-release',
  description: '',
  issuerKind: 'github',
  issuer: 'https://token.actions.githubusercontent.com',
  audience: 'tidegate:default:github',
  rules: [{ name: 'main', clauses }],
  permissions: permissionsOf('deploy'),
  modules: ['shop'],
  environments: ['Production'],
  createdBy: 'admin',
  createdAt: '2026-11-01T08:00:00.000Z',
  disabledAt: null,
  lastUsedAt: null,
  version: 1,
};

export const explanation = {
  isAccepted: false,
  checks: [{ check: 'audience', isPassed: true, detail: 'It is for tidegate:default:github.' }],
  rules: [
    {
      rule: 'main',
      isMet: false,
      clauses: [
        {
          claim: 'ref',
          isMet: false,
          isByDefault: false,
          expected: ['refs/heads/main', 'refs/tags/v*'],
          received: 'refs/heads/topic',
        },
      ],
    },
  ],
  claims: { repository: 'acme/shop', repository_id: '718293104', ref: 'refs/heads/topic' },
};
