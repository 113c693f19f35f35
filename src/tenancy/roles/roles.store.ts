/** The table `roles`, where it is read or locked beside its bindings. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';

interface OwnRole {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly permissions: readonly string[];
}

const findNamed = statement<
  { readonly tenantId: string; readonly keys: readonly string[] },
  OwnRole
>(
  'roles.find-named',
  `select id, name_key as key, name, permissions from roles
   where tenant_id = :tenantId and name_key = any(:keys)`,
);

/** Those of the tenant's own roles that are named so. */
export function ownRolesNamed(open: OpenContext, keys: readonly string[]): Promise<OwnRole[]> {
  return open.tx.query(findNamed, { tenantId: open.tenantId, keys });
}

const findWith = statement<
  { readonly tenantId: string; readonly permission: string },
  { readonly name: string }
>(
  'roles.find-with',
  `select name from roles where tenant_id = :tenantId and :permission::text = any(permissions)
   order by name_key`,
);

/** Those of the tenant's own roles that have the permission. */
export function rolesWith(
  open: OpenContext,
  permission: string,
): Promise<{ readonly name: string }[]> {
  return open.tx.query(findWith, { tenantId: open.tenantId, permission });
}
