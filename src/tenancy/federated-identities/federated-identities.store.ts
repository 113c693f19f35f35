/** The tables `federated_identities` and `used_subject_tokens`, as far as they are no entity's business. */
import type { Permission } from '../../kernel/permission.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { TenantStatus } from '../tenants/tenant.js';

const lock = statement<{ readonly tenantId: string }>(
  'federated-identities.lock',
  `select pg_advisory_xact_lock(hashtextextended('federated-identities:' || :tenantId::text, 0))`,
);

/** One change of a tenant at a time: their number, and whose an audience is, are looked at before it. */
export async function lockFederatedIdentities({ tx, tenantId }: OpenContext): Promise<void> {
  await tx.execute(lock, { tenantId });
}

const findSlug = statement<{ readonly tenantId: string }, { readonly slug: string }>(
  'federated-identities.find-tenant-slug',
  'select slug from tenants where id = :tenantId',
);

export async function slugOfTenant({ tx, tenantId }: OpenContext): Promise<string> {
  return (await tx.first(findSlug, { tenantId }))!.slug;
}

/** What an identity is by now. */
export interface WorkloadStanding {
  readonly isDisabled: boolean;
  readonly issuerKind: string;
  readonly rulesVersion: number;
  readonly tenantSlug: string;
  readonly tenantStatus: TenantStatus;
  readonly permissions: readonly Permission[];
  readonly modules: readonly string[] | null;
  readonly environments: readonly string[] | null;
}

export type WorkloadOf = { readonly tenantId: string; readonly id: string };

const findStanding = statement<WorkloadOf, WorkloadStanding>(
  'federated-identities.find-standing',
  `select f.disabled_at is not null as "isDisabled", f.issuer_kind as "issuerKind",
     f.rules_version as "rulesVersion",
     t.slug as "tenantSlug", t.status as "tenantStatus", f.permissions, f.modules, f.environments
   from federated_identities f join tenants t on t.id = f.tenant_id
   where f.tenant_id = :tenantId and f.id = :id`,
);

/** Undefined: it is gone. */
export function workloadStandingOf(
  tx: SystemTransaction,
  who: WorkloadOf,
): Promise<WorkloadStanding | undefined> {
  return tx.first(findStanding, { tenantId: who.tenantId, id: who.id });
}

const tidyUsed = statement<{
  readonly tenantId: string;
  readonly now: Date;
  readonly rows: number;
}>(
  'used-subject-tokens.tidy',
  `delete from used_subject_tokens where tenant_id = :tenantId and token_hash = any (array(
     select token_hash from used_subject_tokens
     where tenant_id = :tenantId and expires_at < :now order by expires_at limit :rows))`,
);

const insertUsed = statement<
  { readonly tenantId: string; readonly tokenHash: string; readonly expiresAt: Date },
  { readonly isNew: boolean }
>(
  'used-subject-tokens.insert',
  `insert into used_subject_tokens (tenant_id, token_hash, expires_at)
   values (:tenantId, :tokenHash, :expiresAt) on conflict do nothing returning true as "isNew"`,
);

/** More than one each time, so that they become fewer. */
const TIDIED = 5;

/** False: it was used before. Each use makes room for what is over. */
export async function useTokenOnce(
  { tx, tenantId }: OpenContext,
  tokenHash: string,
  times: { readonly now: Date; readonly expiresAt: Date },
): Promise<boolean> {
  await tx.execute(tidyUsed, { tenantId, now: times.now, rows: TIDIED });
  const { expiresAt } = times;
  return (await tx.first(insertUsed, { tenantId, tokenHash, expiresAt })) !== undefined;
}

const touch = statement<{ readonly tenantId: string; readonly id: string }>(
  'federated-identities.touch',
  `update federated_identities set last_used_at = clock_timestamp()
   where tenant_id = :tenantId and id = :id
     and (last_used_at is null or last_used_at < clock_timestamp() - interval '1 minute')`,
);

/** Says that it was used now; to the minute, since many jobs may do so at once. */
export async function touchFederatedIdentity({ tx, tenantId }: OpenContext, id: string) {
  await tx.execute(touch, { tenantId, id });
}
