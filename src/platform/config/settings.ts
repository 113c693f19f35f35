import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { canonicalNetwork } from '../../kernel/networks.js';
import { type Role, ROLES } from '../../kernel/permission.js';
import { RATE_PROFILES } from '../rate-limits/rates.js';
import { auditSettings } from './audit-settings.js';
import { logSettings } from './log-settings.js';
import { tlsSettings } from './tls-settings.js';
import { outsideSettings } from './outside-settings.js';
import { flag, listen, oneOf, setting, url, wholeNumber } from './setting.js';
import { tenantSettings } from './tenant-settings.js';

const postgres = url(['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/database');

/** An address or a network of a proxy; `true` for "believe everybody" does not exist. */
const networks = z.string().transform((value, context) => {
  try {
    return value.split(',').map((item) => canonicalNetwork(item.trim()));
  } catch {
    context.addIssue({
      code: 'custom',
      message:
        'addresses or networks separated by commas, like 10.0.0.0/8,192.168.1.7, and none of everybody (/0)',
    });
    return z.NEVER;
  }
});

const roles = z.string().transform((value, context): readonly Role[] => {
  const parsed = z.array(z.enum(ROLES)).safeParse(value === 'none' ? [] : value.split(','));
  if (parsed.success) return parsed.data;
  context.addIssue({ code: 'custom', message: `"none", or some of ${ROLES.join(',')}` });
  return z.NEVER;
});

/** The one list of settings: reading, checking and docs/configuration.md derive from it. */
export const settings = {
  mode: setting({
    env: 'TIDEGATE_MODE',
    group: 'Process',
    description:
      '`standalone` runs everything in one process and brings its own database; `cluster` demands DATABASE_URL, REDIS_URL and the key files, and lets many processes share the work.',
    default: 'standalone',
    example: 'cluster',
    schema: oneOf(['standalone', 'cluster']),
  }),
  home: setting({
    env: 'TIDEGATE_HOME',
    group: 'Process',
    description:
      'The folder for the embedded database, generated keys and artifacts. Only its owner can read it.',
    default: '.tidegate',
    example: '/var/lib/tidegate',
    schema: z.string().max(1024, 'a path of at most 1024 characters'),
  }),
  listen: setting({
    env: 'TIDEGATE_LISTEN',
    group: 'Process',
    description: 'Where the API listens. Port 0 takes any free port and prints it.',
    default: '127.0.0.1:8080',
    defaultNote: '`127.0.0.1:8080`; `0.0.0.0:8080` in cluster mode',
    example: '0.0.0.0:8080',
    schema: listen,
  }),
  metricsListen: setting({
    env: 'TIDEGATE_METRICS_LISTEN',
    group: 'Process',
    description:
      'A listener of its own for `/metrics` (without authentication), `/health/live` and `/health/ready`. Keep it inside your network. Without one, `/metrics` stands on the main listener, for programs of the same machine alone.',
    default: null,
    defaultNote: 'none in standalone mode; `0.0.0.0:9464` in cluster mode',
    example: '127.0.0.1:9464',
    schema: listen,
  }),
  shutdownGraceMs: setting({
    env: 'TIDEGATE_SHUTDOWN_GRACE_MS',
    group: 'Process',
    description:
      'How long a process that was told to stop may finish what it is doing. A second signal ends it at once.',
    default: '10000',
    example: '25000',
    schema: wholeNumber(100, 300_000),
  }),
  trustedProxies: setting({
    env: 'TIDEGATE_TRUSTED_PROXIES',
    group: 'Process',
    description:
      'Proxies whose X-Forwarded-For is believed. Rate limits and the audit log use the address found so; a header from anybody else changes nothing.',
    default: null,
    example: '10.0.0.0/8,192.168.1.7',
    schema: networks,
  }),
  ...tlsSettings,
  rateLimitProfile: setting({
    env: 'TIDEGATE_RATE_LIMIT_PROFILE',
    group: 'Process',
    description:
      '`production` refuses requests over the limits of docs/limits.md, `development` over ten times as much, `report-only` none: it counts and shows what would have been refused. Give every API process the same.',
    default: null,
    defaultNote:
      '`production`; `development` in standalone mode while only this machine reaches it: a loopback TIDEGATE_LISTEN and no TIDEGATE_TRUSTED_PROXIES',
    example: 'report-only',
    schema: oneOf(RATE_PROFILES),
  }),
  ...auditSettings,
  ...outsideSettings,
  demo: setting({
    env: 'TIDEGATE_DEMO',
    group: 'Process',
    description:
      'Three well-known users and example data, to look around. Refused on a listener that others can reach, with DATABASE_URL and with NODE_ENV=production.',
    default: 'false',
    example: 'true',
    schema: flag,
  }),
  databaseUrl: setting({
    env: 'DATABASE_URL',
    group: 'Database',
    description:
      'PostgreSQL 15 or later, as the role of the application (row-level security applies to it). Without it, standalone mode starts its own PostgreSQL in TIDEGATE_HOME.',
    default: null,
    example: 'postgres://tidegate_app:…@db:5432/tidegate',
    secret: true,
    schema: postgres,
  }),
  databaseSystemUrl: setting({
    env: 'DATABASE_SYSTEM_URL',
    group: 'Database',
    description:
      'The same database as the role that schedules work across tenants. Default: DATABASE_URL, switched to the role tidegate_system.',
    default: null,
    example: 'postgres://tidegate_system:…@db:5432/tidegate',
    secret: true,
    schema: postgres,
  }),
  databaseOwnerUrl: setting({
    env: 'DATABASE_OWNER_URL',
    group: 'Database',
    description:
      'The same database as the role that owns the tables; used for migrations only. Default: DATABASE_URL.',
    default: null,
    example: 'postgres://tidegate_owner:…@db:5432/tidegate',
    secret: true,
    schema: postgres,
  }),
  databasePoolSize: setting({
    env: 'TIDEGATE_DATABASE_POOL',
    group: 'Database',
    description:
      'Connections for requests and steps, per process; posted deployments get six tenths of them. All processes together must stay below max_connections of the server.',
    default: '10',
    example: '20',
    schema: wholeNumber(1, 200),
  }),
  databaseSystemPoolSize: setting({
    env: 'TIDEGATE_DATABASE_SYSTEM_POOL',
    group: 'Database',
    description: 'Connections for scheduling, per process.',
    default: '5',
    example: '8',
    schema: wholeNumber(1, 50),
  }),
  redisUrl: setting({
    env: 'REDIS_URL',
    group: 'Redis',
    description:
      'Redis 7 or later for the queue and for hints between processes. Nothing in it is needed again: it may be flushed at any time. Standalone mode does without.',
    default: null,
    example: 'redis://:…@redis:6379/0',
    secret: true,
    schema: url(['redis:', 'rediss:'], 'redis://user:password@host:6379/0'),
  }),
  adminUsername: setting({
    env: 'TIDEGATE_ADMIN_USERNAME',
    group: 'Sign-in',
    description: 'The first admin, made at the first start only.',
    default: 'admin',
    example: 'ops',
    schema: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'a-z, 0-9, dot, _ and -, at most 63'),
  }),
  adminPassword: setting({
    env: 'TIDEGATE_ADMIN_PASSWORD',
    group: 'Sign-in',
    description:
      'The first admin’s password, used at the first start only. Default: one is generated and printed once.',
    default: null,
    example: 'a sentence that nobody else knows',
    secret: true,
    schema: z
      .string()
      .min(12, 'at least 12 characters long')
      .max(256, 'at most 256 characters long'),
  }),
  signingKeyFile: setting({
    env: 'TIDEGATE_SIGNING_KEY_FILE',
    group: 'Sign-in',
    description:
      'A PEM file with the P-256 private key that signs access tokens first (ES256); later ones are made and kept by Tidegate itself, and another key in the file is the next one. Standalone mode makes one in TIDEGATE_HOME. Make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`.',
    default: null,
    example: '/run/secrets/tidegate-signing.pem',
    schema: z.string().max(1024, 'a path of at most 1024 characters'),
  }),
  sealingKeyFile: setting({
    env: 'TIDEGATE_SEALING_KEY_FILE',
    group: 'Sign-in',
    description:
      'A file with the key that seals secrets in the database (second factors, client secrets, signing keys): 32 random bytes in base64 or hex. Of several lines the first seals and all unseal. What was sealed is lost with it. Standalone mode makes one in TIDEGATE_HOME. Make one with `openssl rand -base64 32`.',
    default: null,
    example: '/run/secrets/tidegate-sealing.key',
    schema: z.string().max(1024, 'a path of at most 1024 characters'),
  }),
  tokenKeyRotationDays: setting({
    env: 'TIDEGATE_TOKEN_KEY_ROTATION_DAYS',
    group: 'Sign-in',
    description:
      'After how many days the key that signs access tokens is replaced by a new one, automatically and without a restart; 0 leaves it to the command `npx tidegate platform token-keys rotate`. Give every API process the same.',
    default: '30',
    example: '7',
    schema: wholeNumber(0, 365),
  }),
  accessTokenMs: setting({
    env: 'TIDEGATE_ACCESS_TOKEN_MS',
    group: 'Sign-in',
    description: 'How long an access token is good; 15 minutes at most.',
    default: '900000',
    example: '300000',
    schema: wholeNumber(10_000, 15 * 60_000),
  }),
  mfaRequiredRoles: setting({
    env: 'TIDEGATE_MFA_REQUIRED_ROLES',
    group: 'Sign-in',
    description:
      'Built-in roles that must have a second factor, in tenants whose security policy nobody has set; `none` for no role. Without a factor their sessions may only enrol one.',
    default: null,
    defaultNote: '`none` in standalone mode; `Admin,PlatformAdmin` in cluster mode',
    example: 'Deployer,Admin,PlatformAdmin',
    schema: roles,
  }),
  agentKeyFile: setting({
    env: 'TIDEGATE_AGENT_KEY_FILE',
    group: 'Nodes',
    description:
      'A PEM file with the Ed25519 private key that signs what nodes are told to run. Standalone mode makes one in TIDEGATE_HOME. Make one with `openssl genpkey -algorithm ed25519`.',
    default: null,
    example: '/run/secrets/tidegate-agent.pem',
    schema: z.string().max(1024, 'a path of at most 1024 characters'),
  }),
  reportIntervalMs: setting({
    env: 'TIDEGATE_REPORT_INTERVAL_MS',
    group: 'Nodes',
    description:
      'How often a node reports what runs on it. Shorter finds trouble sooner and costs more requests.',
    default: '5000',
    example: '2000',
    schema: wholeNumber(200, limits.nodeLostMs / 2),
  }),
  tenantMaxInFlight: setting({
    env: 'TIDEGATE_TENANT_MAX_IN_FLIGHT',
    group: 'Deployments',
    description:
      'Rollouts that one tenant may have in flight at once; more wait their turn. Rollbacks are not held back. Give every worker and API process the same.',
    default: '500',
    example: '200',
    schema: wholeNumber(1, 10_000),
  }),
  clusterDownloads: setting({
    env: 'TIDEGATE_CLUSTER_DOWNLOADS',
    group: 'Nodes',
    description:
      'Artifact downloads at once for one cluster, over all processes; more nodes try again a few seconds later. A wave must not fill the network that the releases serve on. Give every API process the same.',
    default: String(limits.downloadsPerCluster),
    example: '50',
    schema: wholeNumber(1, 1_000),
  }),
  artifactLimitBytes: setting({
    env: 'TIDEGATE_ARTIFACT_LIMIT_BYTES',
    group: 'Releases',
    description: 'The largest artifact that may be uploaded.',
    default: String(limits.artifactBytes),
    example: '268435456',
    schema: wholeNumber(1024, 16 * limits.artifactBytes),
  }),
  ...tenantSettings,
  ...logSettings,
};

export type Settings = typeof settings;
