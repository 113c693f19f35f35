import { builtInEnvironments } from './built-in-environments.js';

const { name: _name, ...rules } = builtInEnvironments.find(({ name }) => name === 'Production')!;

/** The rules of an environment as the documentation shows them: Production's, with a cap and a label. */
export const rulesExample = { ...rules, maxInFlight: 20, labels: { region: 'eu' } };

export const environmentExample = {
  id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  name: 'Production',
  ...rulesExample,
  hasApprovalPolicies: true,
  version: 1,
  createdAt: '2026-01-05T08:00:00.000Z',
};
