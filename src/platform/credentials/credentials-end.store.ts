/** How rows of the table `credentials` end: revoked together, tidied up, purged. */
import type { OpenContext } from '../context.js';
import { statement } from '../database/statement.js';
import type { SystemTransaction } from '../database/transaction.js';
import type { CredentialKind, CredentialOwner } from './credentials.store.js';

const revokeOfAll = statement<{
  readonly tenantId: string;
  readonly kind: CredentialKind;
  readonly subjectIds: readonly string[];
}>(
  'credentials.revoke-of-all',
  `update credentials set revoked_at = clock_timestamp()
   where tenant_id = :tenantId and kind = :kind and subject_id = any(:subjectIds::uuid[])
     and revoked_at is null`,
);

/** All of many subjects in the tenant; returns how many. */
export function revokeCredentialsOfAll(
  open: OpenContext,
  kind: CredentialKind,
  subjectIds: readonly string[],
): Promise<number> {
  return open.tx.execute(revokeOfAll, { tenantId: open.tenantId, kind, subjectIds });
}

const revokeAll = statement<CredentialOwner & { readonly except: string | null }>(
  'credentials.revoke-all',
  `update credentials set revoked_at = clock_timestamp()
   where tenant_id = :tenantId and kind = :kind and subject_id = :subjectId and revoked_at is null
     and hash is distinct from :except`,
);

/** All of one subject in the tenant, but for the one with the hash `except`; returns how many. */
export function revokeCredentialsOf(
  open: OpenContext,
  { kind, subjectId }: Omit<CredentialOwner, 'tenantId'>,
  except: string | null,
): Promise<number> {
  return open.tx.execute(revokeAll, { tenantId: open.tenantId, kind, subjectId, except });
}

const revokeEverywhere = statement<{
  readonly kinds: readonly CredentialKind[];
  readonly subjectId: string;
  readonly except: string | null;
  readonly now: Date;
}>(
  'credentials.revoke-everywhere',
  `update credentials set revoked_at = :now
   where subject_id = :subjectId and kind = any(:kinds) and revoked_at is null
     and hash is distinct from :except`,
);

/** All of one subject in all tenants, but for the one with the hash `except`; returns how many. */
export function revokeCredentialsEverywhere(
  tx: SystemTransaction,
  { kinds, subjectId }: { readonly kinds: readonly CredentialKind[]; readonly subjectId: string },
  { except, now }: { readonly except: string | null; readonly now: Date },
): Promise<number> {
  return tx.execute(revokeEverywhere, { kinds, subjectId, except, now });
}

/** A part of the data by which credentials are found. */
export type VouchedBy = {
  readonly signIn: { readonly providerId?: string; readonly method?: string };
};

const revokeVouched = statement<{
  readonly kind: CredentialKind;
  readonly subjectId: string | null;
  /** JSON. */
  readonly by: string;
  readonly except: string | null;
  readonly now: Date;
}>(
  'credentials.revoke-vouched',
  `update credentials set revoked_at = :now
   where kind = :kind and (:subjectId::uuid is null or subject_id = :subjectId)
     and data @> :by::jsonb and revoked_at is null and expires_at > :now
     and hash is distinct from :except`,
);

/** In all tenants those whose data say who has vouched for them; returns how many. */
export function revokeCredentialsVouched(
  tx: SystemTransaction,
  of: {
    readonly kind: CredentialKind;
    /** Null: whosever. */
    readonly subjectId: string | null;
    readonly by: VouchedBy;
    readonly except: string | null;
    readonly now: Date;
  },
): Promise<number> {
  return tx.execute(revokeVouched, { ...of, by: JSON.stringify(of.by) });
}

const tidy = statement<CredentialOwner & { readonly now: Date; readonly kept: number }>(
  'credentials.tidy',
  `delete from credentials where hash in (select hash from (
     select hash, revoked_at is not null or expires_at < :now as is_over,
       row_number() over (order by revoked_at nulls first, created_at desc) as rank
     from credentials where tenant_id = :tenantId and kind = :kind and subject_id = :subjectId) mine
   where is_over or rank > :kept)`,
);

/** Drops those of one owner that are over, and the oldest beyond `kept`. */
export async function tidyCredentials(
  tx: SystemTransaction,
  { tenantId, kind, subjectId }: CredentialOwner,
  { now, kept }: { readonly now: Date; readonly kept: number },
): Promise<void> {
  await tx.execute(tidy, { tenantId, kind, subjectId, now, kept });
}

const purge = statement<{ readonly days: number; readonly rows: number }>(
  'credentials.purge',
  `delete from credentials where ctid = any (array(
     select ctid from credentials
     where least(expires_at, revoked_at, case when kind <> 'refresh' then used_at end)
       < clock_timestamp() - :days::int * interval '1 day' limit :rows))`,
);

/** Deletes what has been over or used up for so many days; returns how many rows, `rows` at most. */
export function purgeCredentials(
  tx: SystemTransaction,
  { days, rows }: { readonly days: number; readonly rows: number },
): Promise<number> {
  return tx.execute(purge, { days, rows });
}
