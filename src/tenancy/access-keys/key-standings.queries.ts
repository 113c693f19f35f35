import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { type HeldRole, ROLES_OF_PERSON } from '../permissions/bindings.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import type { TenantStatus } from '../tenants/tenant.js';
import type { KeyOwnerKind } from './access-keys.dto.js';
import type { KeyPower, KeySet } from './key-power.js';

/** Why a key that there is was refused. */
export type KeyFault = 'revoked' | 'expired' | 'owner-gone' | 'owner-factor' | 'network';

/** What a key is now, and what its owner may do now. */
export interface KeyStanding extends KeyPower {
  readonly id: string;
  readonly tenantId: string;
  readonly tenantSlug: string;
  readonly tenantStatus: TenantStatus;
  readonly makerId: string;
  readonly ownerKind: KeyOwnerKind;
  readonly ownerName: string | null;
  readonly permissionSet: KeySet | null;
  readonly allowedNetworks: readonly string[];
  /** Null: as many as any key. */
  readonly requestsPerMinute: number | null;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  /** The person is a member and not disabled; the service account is there and not disabled. */
  readonly isOwnerGood: boolean;
  /** A second factor that counts. Accounts of machines have none, and none is demanded of them. */
  readonly hasOwnerFactor: boolean;
  readonly roles: readonly HeldRole[];
}

/** The same, of the person whose key it is. */
const ROLES_OF_OWNER = ROLES_OF_PERSON.replaceAll(':subjectId', 'k.owner_id');

const ROLES_OF_ACCOUNT = `coalesce((
  select jsonb_agg(jsonb_build_object('role', coalesce(b.built_in_role, r.name),
      'permissions', r.permissions, 'modules', b.modules, 'environments', b.environments,
      'group', null) order by b.id)
  from role_bindings b
  left join roles r on r.tenant_id = b.tenant_id and r.id = b.role_id
  where b.tenant_id = k.tenant_id and b.subject_kind = 'service-account'
    and b.subject_id = k.owner_id), '[]')`;

const findStanding = statement<
  { readonly hash: string; readonly platformTenantId: string },
  KeyStanding
>(
  'access-keys.find-standing',
  `select k.id, k.tenant_id as "tenantId", t.slug as "tenantSlug", t.status as "tenantStatus",
     k.name, k.maker_id as "makerId", k.owner_kind as "ownerKind",
     k.permission_set as "permissionSet", k.permissions, k.modules, k.environments,
     k.allowed_networks as "allowedNetworks", k.expires_at as "expiresAt",
     k.requests_per_minute as "requestsPerMinute",
     k.revoked_at as "revokedAt",
     case k.owner_kind when 'user' then u.username else s.name end as "ownerName",
     case k.owner_kind
       when 'user' then u.disabled_at is null and exists (select 1 from memberships m
         where m.tenant_id = k.tenant_id and m.user_id = u.id)
       else s.id is not null and s.disabled_at is null end as "isOwnerGood",
     exists (select 1 from user_factors f where f.user_id = u.id and f.kind <> 'recovery'
       and f.confirmed_at is not null) as "hasOwnerFactor",
     case k.owner_kind when 'user' then ${ROLES_OF_OWNER} else ${ROLES_OF_ACCOUNT} end as roles
   from access_keys k
   join tenants t on t.id = k.tenant_id
   left join users u on k.owner_kind = 'user' and u.id = k.owner_id
   left join service_accounts s on k.owner_kind = 'service-account'
     and s.tenant_id = k.tenant_id and s.id = k.owner_id
   where k.hash = :hash`,
);

/** Undefined: there is no such key. */
export function keyStandingOf(
  tx: SystemTransaction,
  hash: string,
): Promise<KeyStanding | undefined> {
  return tx.first(findStanding, { hash, platformTenantId: PLATFORM_TENANT.id });
}
