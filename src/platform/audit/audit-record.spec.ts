import { type AuditCategory, storedCategory } from './audit-record.js';

describe('the category of an entry', () => {
  it.each<[AuditCategory, string, string, string]>([
    ['deployments', 'deployment-created', 'deployment', 'deployment'],
    ['deployments', 'rollback-created', 'deployment', 'rollback'],
    ['approvals', 'freeze-created', 'freeze', 'approval'],
    ['releases', 'release-pushed', 'release', 'release'],
    ['releases', 'configuration-created', 'configuration', 'configuration'],
    ['fleet', 'node-cordoned', 'node', 'node'],
    ['fleet', 'cluster-created', 'cluster', 'configuration'],
    ['tenancy', 'role-given', 'role-binding', 'authorization'],
    ['tenancy', 'tenant-suspended', 'tenant', 'tenant'],
    ['tenancy', 'access-key-created', 'access-key', 'access'],
    ['authentication', 'logged-in', 'user', 'authentication'],
    ['node', 'anything', 'cluster', 'node'],
  ])('%s, %s of a %s: %s', (category, action, kind, expected) => {
    expect(storedCategory({ category, action, subject: { kind, id: '1' } })).toBe(expected);
  });
});
