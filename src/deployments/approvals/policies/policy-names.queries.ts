/** Which policies name what somebody is about to take away. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

type Named = { readonly name: string };

const findLosing = statement<
  { readonly tenantId: string; readonly builtIn: readonly string[] },
  Named
>(
  'approval-policies.with-lost-roles',
  `select p.name from approval_policies p
   where p.tenant_id = :tenantId and exists (
     select 1 from jsonb_array_elements_text(p.approvers -> 'roles') as named (role)
     where named.role <> all(:builtIn::text[]) and not exists (
       select 1 from roles r where r.tenant_id = p.tenant_id and r.name = named.role))
   order by p.name_key`,
);

/** Names of policies; `builtIn` roles are there whatever happens. */
export async function policiesWithLostRoles(
  open: OpenContext,
  builtIn: readonly string[],
): Promise<string[]> {
  const rows = await open.tx.query(findLosing, { tenantId: open.tenantId, builtIn });
  return rows.map(({ name }) => name);
}

const findNaming = statement<{ readonly tenantId: string; readonly groupId: string }, Named>(
  'approval-policies.naming-group',
  `select name from approval_policies
   where tenant_id = :tenantId and (approvers -> 'groups' ? :groupId::text
     or distinct_groups -> 'groups' ? :groupId::text)
   order by name_key`,
);

export async function policiesNamingGroup(open: OpenContext, groupId: string): Promise<string[]> {
  const rows = await open.tx.query(findNaming, { tenantId: open.tenantId, groupId });
  return rows.map(({ name }) => name);
}
