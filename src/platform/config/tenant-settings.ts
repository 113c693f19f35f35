/** Settings about tenants: what new ones begin with, and where they get something of their own. */
import { oneOf, setting, url } from './setting.js';

export const tenantSettings = {
  defaultApprovals: setting({
    env: 'TIDEGATE_DEFAULT_APPROVALS',
    group: 'Tenants',
    description:
      '`built-in`: in a new tenant, deployments to Staging and Production need the approval of one Admin who did not ask for them; the tenant can change that. `none`: a new tenant begins without approval policies, for test rigs. Tenants that exist keep what they have. Give every API process the same.',
    default: 'built-in',
    example: 'none',
    schema: oneOf(['built-in', 'none']),
  }),
  tenantDatabaseUrl: setting({
    env: 'TENANT_DATABASE_URL',
    group: 'Tenants',
    description:
      'A PostgreSQL server for the tenants’ own applications, as a role that may create roles: each new tenant gets the schema and the role `tenant_<slug>` there. Another server than the platform’s, not only another database. Without it tenants get none. Give API and worker processes the same.',
    default: null,
    example: 'postgres://provisioner:…@tenants-db:5432/tenants',
    secret: true,
    schema: url(['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/database'),
  }),
  tenantRedisUrl: setting({
    env: 'TENANT_REDIS_URL',
    group: 'Tenants',
    description:
      'A Redis 7 server for the tenants’ own applications, as a user that may manage users: each new tenant gets the user `tenant_<slug>`, who sees keys and channels that begin with `tenant:<slug>:`. Another server than the platform’s, and one with an `aclfile`. Without it tenants get none. Give API and worker processes the same.',
    default: null,
    example: 'redis://:…@tenants-redis:6379',
    secret: true,
    schema: url(['redis:', 'rediss:'], 'redis://user:password@host:6379'),
  }),
};
