/** Access keys as HTTP answers them: with the names of their owners, in one statement. */
import type { OpenContext } from '../../platform/context.js';
import type { AnswerOf } from '../../platform/http/answer.js';
import { statement } from '../../platform/database/statement.js';
import type { accessKeyOut } from './access-keys.dto.js';
import { type KeySet, permissionsOfKey } from './key-power.js';

export type AccessKeyView = AnswerOf<typeof accessKeyOut>;

interface Row extends Omit<AccessKeyView, 'permissions'> {
  readonly permissionSet: KeySet | null;
  readonly permissions: string[] | null;
}

const VIEW = `
  select k.id, k.name, k.prefix, k.owner_kind as "ownerKind", k.owner_id as "ownerId",
    case k.owner_kind when 'user' then k.created_by else s.name end as "ownerName",
    k.created_by as "createdBy", k.permission_set as "permissionSet", k.permissions, k.modules,
    k.environments, k.metadata, k.allowed_networks as "allowedNetworks",
    k.requests_per_minute as "requestsPerMinute",
    case when k.revoked_at is not null then 'revoked' when k.expires_at <= :now then 'expired'
      else 'good' end as state,
    k.created_at as "createdAt", k.expires_at as "expiresAt", k.revoked_at as "revokedAt",
    k.rotated_from as "rotatedFrom", k.last_used_at as "lastUsedAt",
    k.last_used_network as "lastUsedNetwork", k.last_refused_at as "lastRefusedAt"
  from access_keys k
  left join service_accounts s on k.owner_kind = 'service-account' and s.tenant_id = :tenantId
    and s.id = k.owner_id
  where k.tenant_id = :tenantId`;

const findView = statement<
  { readonly tenantId: string; readonly id: string; readonly now: Date },
  Row
>('access-keys.find-view', `${VIEW} and k.id = :id`);

export async function accessKeyView(
  open: OpenContext,
  id: string,
  now: Date,
): Promise<AccessKeyView | undefined> {
  const row = await open.tx.first(findView, { tenantId: open.tenantId, id, now });
  return row && viewOf(row);
}

/** Which keys somebody may see: all, or their own, those of service accounts, the one that they are. */
export type KeysSeen = {
  readonly isAll: boolean;
  readonly personId: string | null;
  readonly accounts: boolean;
  readonly keyId: string | null;
};

const listViews = statement<
  KeysSeen & {
    readonly tenantId: string;
    readonly accountId: string | null;
    readonly now: Date;
    readonly before: string | null;
    readonly take: number;
  },
  Row
>(
  'access-keys.list-views',
  `${VIEW} and (:isAll::boolean or k.id = :keyId::uuid
      or k.owner_kind = 'user' and k.owner_id = :personId::uuid
      or k.owner_kind = 'service-account' and :accounts::boolean)
     and (:accountId::uuid is null
       or k.owner_kind = 'service-account' and k.owner_id = :accountId::uuid)
     and (:before::uuid is null or k.id < :before)
   order by k.id desc limit :take`,
);

interface ListOptions {
  readonly seen: KeysSeen;
  /** Of this service account alone. */
  readonly accountId: string | null;
  readonly now: Date;
  readonly before: string | null;
  readonly take: number;
}

export async function accessKeyViews(
  open: OpenContext,
  { seen, accountId, now, before, take }: ListOptions,
): Promise<AccessKeyView[]> {
  const { isAll, personId, accounts, keyId } = seen;
  const whose = { isAll, personId, accounts, keyId };
  const rows = await open.tx.query(listViews, {
    ...whose,
    tenantId: open.tenantId,
    accountId,
    now,
    before,
    take,
  });
  return rows.map(viewOf);
}

function viewOf(row: Row): AccessKeyView {
  return { ...row, permissions: [...permissionsOfKey(row)] };
}
