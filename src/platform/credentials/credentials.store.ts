/**
 * The table `credentials`: what somebody may show instead of a password. Found by the hash of what is
 * shown, before a tenant is known; what it is for is its owner's business (`kind`, `subjectId`, `data`).
 * Nothing here ever sees what was hashed.
 */
import type { OpenContext } from '../context.js';
import { statement } from '../database/statement.js';
import type { SystemTransaction, Transaction } from '../database/transaction.js';

/** `refresh` is used again and again, and `usedAt` is its last use; the others are good for one. */
export type CredentialKind =
  'enrollment' | 'refresh' | 'invitation' | 'password-reset' | 'email-change';

/** Of whom a credential is. */
export type CredentialOwner = {
  readonly tenantId: string;
  readonly kind: CredentialKind;
  readonly subjectId: string;
};

export interface NewCredential {
  readonly kind: CredentialKind;
  readonly hash: string;
  readonly subjectId: string;
  readonly data: object;
  readonly lifetimeMs: number;
  /** Null: by the database's clock. */
  readonly issuedAt: Date | null;
  /** How many of the subject's may be unused and good at once, this one among them; null: any number. */
  readonly goodAtOnce: number | null;
}

/** Whether it is good for that owner. Fragment: :hash, :kind, :tenantId, :subjectId, :now. */
export const IS_CREDENTIAL_GOOD = `exists (select 1 from credentials c where c.hash = :hash
  and c.kind = :kind and c.tenant_id = :tenantId and c.subject_id = :subjectId
  and c.revoked_at is null and c.expires_at > :now)`;

const issue = statement<
  CredentialOwner & {
    readonly hash: string;
    /** JSON. */
    readonly data: string;
    readonly lifetimeMs: number;
    readonly issuedAt: Date | null;
    readonly goodAtOnce: number | null;
  },
  { readonly expiresAt: Date }
>(
  'credentials.issue',
  `insert into credentials (hash, tenant_id, kind, subject_id, data, created_at, expires_at)
   select :hash, :tenantId, :kind, :subjectId, :data::jsonb, clock.now,
     clock.now + :lifetimeMs * interval '1 millisecond'
   from (select coalesce(:issuedAt::timestamptz, clock_timestamp()) as now) as clock
   where :goodAtOnce::int is null or (select count(*) from credentials
     where tenant_id = :tenantId and kind = :kind and subject_id = :subjectId
       and used_at is null and expires_at > clock.now) < :goodAtOnce::int
   returning expires_at as "expiresAt"`,
);

/** Returns when it expires; undefined: the subject has as many as may be good at once. */
export async function issueCredential(
  open: OpenContext,
  { kind, hash, subjectId, data, lifetimeMs, issuedAt, goodAtOnce }: NewCredential,
): Promise<Date | undefined> {
  const row = await open.tx.first(issue, {
    tenantId: open.tenantId,
    kind,
    hash,
    subjectId,
    data: JSON.stringify(data),
    lifetimeMs,
    issuedAt,
    goodAtOnce,
  });
  return row?.expiresAt;
}

type Shown = { readonly kind: CredentialKind; readonly hash: string };

export interface GoodCredential {
  readonly tenantId: string;
  readonly subjectId: string;
  readonly data: unknown;
}

const lockGood = statement<
  { readonly kind: CredentialKind; readonly hash: string; readonly now: Date },
  GoodCredential
>(
  'credentials.lock-good',
  `select tenant_id as "tenantId", subject_id as "subjectId", data from credentials
   where hash = :hash and kind = :kind and revoked_at is null and expires_at > :now for update`,
);

/** Held until the transaction ends; undefined: it is unknown, revoked or over. */
export function lockGoodCredential(
  tx: SystemTransaction,
  { kind, hash }: Shown,
  now: Date,
): Promise<GoodCredential | undefined> {
  return tx.first(lockGood, { kind, hash, now });
}

const findGood = statement<
  { readonly kind: CredentialKind; readonly hash: string; readonly now: Date },
  GoodCredential
>(
  'credentials.find-good',
  `select tenant_id as "tenantId", subject_id as "subjectId", data from credentials
   where hash = :hash and kind = :kind and revoked_at is null and expires_at > :now`,
);

/** Used or not; undefined: it is unknown, revoked or over. */
export function findGoodCredential(
  tx: SystemTransaction,
  { kind, hash }: Shown,
  now: Date,
): Promise<GoodCredential | undefined> {
  return tx.first(findGood, { kind, hash, now });
}

const touch = statement<{
  readonly kind: CredentialKind;
  readonly hash: string;
  readonly now: Date;
}>(
  'credentials.touch',
  'update credentials set used_at = :now where hash = :hash and kind = :kind',
);

/** It was used, and is good for more. */
export async function touchCredential(
  tx: SystemTransaction,
  { kind, hash }: Shown,
  now: Date,
): Promise<void> {
  await tx.execute(touch, { kind, hash, now });
}

const findUnused = statement<Shown & { readonly now: Date }, GoodCredential>(
  'credentials.find-unused',
  `select tenant_id as "tenantId", subject_id as "subjectId", data from credentials
   where hash = :hash and kind = :kind and used_at is null and revoked_at is null
     and expires_at > :now`,
);

/** Of those that are good for one use; undefined: it is unknown, used, revoked or over. */
export function findUnusedCredential(
  tx: SystemTransaction,
  { kind, hash }: Shown,
  now: Date,
): Promise<GoodCredential | undefined> {
  return tx.first(findUnused, { kind, hash, now });
}

const take = statement<Shown & { readonly now: Date }, GoodCredential>(
  'credentials.take',
  `update credentials set used_at = :now
   where hash = :hash and kind = :kind and used_at is null and revoked_at is null
     and expires_at > :now
   returning tenant_id as "tenantId", subject_id as "subjectId", data`,
);

/** Uses up what is good for one use, for one of several that try; undefined: as above. */
export function takeCredential(
  tx: Transaction,
  { kind, hash }: Shown,
  now: Date,
): Promise<GoodCredential | undefined> {
  return tx.first(take, { kind, hash, now });
}

const findTenant = statement<Shown, { readonly tenantId: string }>(
  'credentials.find-tenant',
  'select tenant_id as "tenantId" from credentials where hash = :hash and kind = :kind',
);

/** Whatever has become of it; undefined: it is unknown. */
export async function tenantOfCredential(
  tx: SystemTransaction,
  { kind, hash }: Shown,
): Promise<string | undefined> {
  const found = await tx.first(findTenant, { kind, hash });
  return found?.tenantId;
}

export interface LockedCredential {
  readonly data: unknown;
  readonly isUsed: boolean;
  readonly isRevoked: boolean;
  readonly isExpired: boolean;
}

type OwnHash = { readonly tenantId: string; readonly hash: string };

const lock = statement<OwnHash, LockedCredential>(
  'credentials.lock',
  `select data, used_at is not null as "isUsed", revoked_at is not null as "isRevoked",
     expires_at < clock_timestamp() as "isExpired"
   from credentials where tenant_id = :tenantId and hash = :hash for update`,
);

/** One of the tenant's, held until the transaction ends; undefined: it is unknown. */
export function lockCredential(
  open: OpenContext,
  hash: string,
): Promise<LockedCredential | undefined> {
  return open.tx.first(lock, { tenantId: open.tenantId, hash });
}

/** `more`: JSON. */
const use = statement<OwnHash & { readonly more: string }>(
  'credentials.use',
  `update credentials set used_at = clock_timestamp(), data = data || :more::jsonb
   where tenant_id = :tenantId and hash = :hash`,
);

/** It is used, for what `more` adds to its data. The caller has locked it. */
export async function useCredential(open: OpenContext, hash: string, more: object): Promise<void> {
  await open.tx.execute(use, { tenantId: open.tenantId, hash, more: JSON.stringify(more) });
}

const renew = statement<{
  readonly hash: string;
  /** JSON. */
  readonly data: string;
  readonly now: Date;
}>(
  'credentials.renew',
  'update credentials set data = :data::jsonb, used_at = :now where hash = :hash',
);

/** It was used, and goes on with other data. */
export async function renewCredential(
  tx: SystemTransaction,
  hash: string,
  { data, now }: { readonly data: object; readonly now: Date },
): Promise<void> {
  await tx.execute(renew, { hash, data: JSON.stringify(data), now });
}

const revoke = statement<{
  readonly kind: CredentialKind;
  readonly hash: string;
  readonly now: Date;
}>(
  'credentials.revoke',
  `update credentials set revoked_at = :now
   where hash = :hash and kind = :kind and revoked_at is null`,
);

/** Repeating it changes nothing, the time of revocation included. */
export async function revokeCredential(
  tx: SystemTransaction,
  { kind, hash }: Shown,
  now: Date,
): Promise<void> {
  await tx.execute(revoke, { kind, hash, now });
}
