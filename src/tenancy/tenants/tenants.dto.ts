import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { dnsLabel, text, uuid } from '../../kernel/text.js';
import type { AnswerOf } from '../../platform/http/answer.js';
import { pageQuery } from '../../platform/http/page.js';
import { quotaOverrides, tierId } from '../tiers/tiers.dto.js';
import { TENANT_STATUSES } from './tenant.js';

const name = text(120).trim().min(1);
const reason = text(500).trim().min(1);

export const newTenant = z
  .strictObject({
    slug: dnsLabel.max(
      limits.tenantSlugCharacters,
      `must have at most ${limits.tenantSlugCharacters} characters`,
    ),
    name,
    tier: tierId.optional(),
    quotaOverrides: quotaOverrides.default({}),
  })
  .meta({ id: 'NewTenant' });

export const tenantRules = z.strictObject({ name }).meta({ id: 'TenantRules' });
export const suspendBody = z.strictObject({ reason }).meta({ id: 'SuspendTenant' });
export const subscriptionBody = z
  .strictObject({ tier: tierId, quotaOverrides: quotaOverrides.default({}) })
  .meta({ id: 'TenantSubscription' });

export const tenantParams = z.strictObject({ id: uuid });
export const resourceParams = z.strictObject({ id: uuid, kind: z.enum(['postgres', 'redis']) });
export const tenantsQuery = pageQuery.extend({
  status: z.enum(TENANT_STATUSES).optional(),
  tier: tierId.optional(),
  text: text(120).trim().min(1).optional(),
});

const task = z
  .strictObject({
    kind: z.enum(['provision', 'purge']),
    /** `undoing`: something failed, and what was done is taken back. */
    state: z.enum(['running', 'undoing', 'succeeded', 'undone']),
    step: z.string().nullable(),
    done: z.int(),
    steps: z.array(z.string()),
    failures: z.int(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'TenantTask' });

export const tenantOut = z
  .strictObject({
    id: z.uuid(),
    slug: z.string(),
    name: z.string(),
    status: z.enum(TENANT_STATUSES),
    tier: z.string(),
    quotaOverrides,
    suspendedAt: z.iso.datetime().nullable(),
    suspendedReason: z.string().nullable(),
    deletedAt: z.iso.datetime().nullable(),
    restorableUntil: z.iso.datetime().nullable(),
    purgedAt: z.iso.datetime().nullable(),
    provisionedAt: z.iso.datetime().nullable(),
    task: task.nullable(),
    version: z.int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Tenant' });

export const secretOut = z
  .strictObject({
    kind: z.enum(['postgres', 'redis']),
    host: z.string(),
    port: z.int(),
    /** Of PostgreSQL; of Redis the number of the database. */
    database: z.string(),
    username: z.string(),
    password: z.string(),
    /** Of PostgreSQL the schema, of Redis what all keys and channels begin with. */
    namespace: z.string(),
  })
  .meta({ id: 'TenantCredentials' });

export type NewTenant = z.output<typeof newTenant>;
export type TenantRules = z.output<typeof tenantRules>;
export type SuspendBody = z.output<typeof suspendBody>;
export type SubscriptionBody = z.output<typeof subscriptionBody>;
export type TenantParams = z.output<typeof tenantParams>;
export type ResourceParams = z.output<typeof resourceParams>;
export type TenantsQuery = z.output<typeof tenantsQuery>;
export type TenantTaskView = z.output<typeof task>;
export type TenantView = AnswerOf<typeof tenantOut>;
export type TenantSecret = z.output<typeof secretOut>;

export const exampleTenant = {
  id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  slug: 'acme',
  name: 'Acme Ltd',
  status: 'active',
  tier: 'starter',
  quotaOverrides: { nodes: 50 },
  suspendedAt: null,
  suspendedReason: null,
  deletedAt: null,
  restorableUntil: null,
  purgedAt: null,
  provisionedAt: null,
  task: null,
  version: 1,
  createdAt: '2026-01-05T08:00:00.000Z',
};
