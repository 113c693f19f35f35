/** The table `access_keys`: what is written of many keys at once, or beside the request. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { KeyOwnerKind } from './access-keys.dto.js';

export interface KeyOwner {
  readonly kind: KeyOwnerKind;
  readonly id: string;
}

type OfOwner = {
  readonly tenantId: string;
  readonly ownerKind: string;
  readonly ownerId: string;
  readonly now: Date;
};

const countGood = statement<OfOwner, { readonly ofOwner: number; readonly ofTenant: number }>(
  'access-keys.count-good',
  `select count(*) filter (where owner_kind = :ownerKind and owner_id = :ownerId)::int as "ofOwner",
     count(*)::int as "ofTenant"
   from access_keys where tenant_id = :tenantId and revoked_at is null and expires_at > :now`,
);

export async function countGoodKeys(
  open: OpenContext,
  owner: KeyOwner,
  now: Date,
): Promise<{ readonly ofOwner: number; readonly ofTenant: number }> {
  const { tenantId } = open;
  const parameters = { tenantId, ownerKind: owner.kind, ownerId: owner.id, now };
  return (await open.tx.first(countGood, parameters))!;
}

const lock = statement<{ readonly lock: string }>(
  'access-keys.lock',
  `select pg_advisory_xact_lock(hashtextextended('tidegate:access-keys:' || :lock, 0))`,
);

/** One new key of a tenant at a time, so that it can be counted. */
export async function lockKeysOf(open: OpenContext): Promise<void> {
  await open.tx.execute(lock, { lock: open.tenantId });
}

const tidy = statement<{ readonly tenantId: string; readonly before: Date }>(
  'access-keys.tidy',
  `delete from access_keys where tenant_id = :tenantId and least(expires_at, revoked_at) < :before`,
);

/** Drops keys that ended before that; their audit entries stay. */
export async function tidyKeys(open: OpenContext, before: Date): Promise<void> {
  await open.tx.execute(tidy, { tenantId: open.tenantId, before });
}

const revokeAll = statement<
  Omit<OfOwner, 'now'>,
  {
    readonly id: string;
    readonly name: string;
    readonly prefix: string;
    readonly hash: string;
    /** It had not expired before. */
    readonly wasGood: boolean;
  }
>(
  'access-keys.revoke-all',
  `update access_keys set revoked_at = clock_timestamp()
   where tenant_id = :tenantId and owner_kind = :ownerKind and owner_id = :ownerId
     and revoked_at is null
   returning id, name, prefix, hash, expires_at > revoked_at as "wasGood"`,
);

/** All of an owner that goes away; whoever calls records each: end-keys.ts. */
export function revokeKeysOf(open: OpenContext, owner: KeyOwner) {
  const { tenantId } = open;
  return open.tx.query(revokeAll, { tenantId, ownerKind: owner.kind, ownerId: owner.id });
}

type Use = { readonly tenantId: string; readonly id: string; readonly at: Date };

const markUsed = statement<Use & { readonly network: string }>(
  'access-keys.mark-used',
  `update access_keys set last_used_at = :at, last_used_network = :network
   where tenant_id = :tenantId and id = :id
     and (last_used_at is null or last_used_at <= :at::timestamptz - interval '1 minute')`,
);

/** Unless some process has within the minute. */
export async function markKeyUsed(
  open: OpenContext,
  id: string,
  { at, network }: { readonly at: Date; readonly network: string },
): Promise<void> {
  await open.tx.execute(markUsed, { tenantId: open.tenantId, id, at, network });
}

const markRefused = statement<Use>(
  'access-keys.mark-refused',
  `update access_keys set last_refused_at = :at
   where tenant_id = :tenantId and id = :id
     and (last_refused_at is null or last_refused_at <= :at::timestamptz - interval '1 minute')`,
);

/** False: some process has told of it within the minute. */
export async function markKeyRefused(open: OpenContext, id: string, at: Date): Promise<boolean> {
  return (await open.tx.execute(markRefused, { tenantId: open.tenantId, id, at })) === 1;
}
