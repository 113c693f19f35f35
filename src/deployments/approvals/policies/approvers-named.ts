import { uuid } from '../../../kernel/text.js';
import type { OpenContext } from '../../../platform/context.js';
import { isBuiltIn } from '../../../tenancy/permissions/giving.js';
import { findBindable } from '../../../tenancy/permissions/role-bindings.views.js';
import { ownRolesNamed } from '../../../tenancy/roles/roles.store.js';
import { accountKey } from '../../../tenancy/users/account-name.js';
import type { Approvers, DistinctGroups } from '../rule.js';
import { approverUnknown } from './approval-policies.errors.js';

/** As a rule keeps them: roles as they are spelled, ids of the others, each once. Throws `approver-unknown`. */
export async function approversNamed(open: OpenContext, given: Approvers): Promise<Approvers> {
  return {
    roles: await rolesNamed(open, given.roles),
    groups: await idsOf(open, 'group', given.groups),
    users: await idsOf(open, 'user', given.users),
  };
}

/** Throws `approver-unknown`. */
export async function groupsNamed(
  open: OpenContext,
  { groups, count }: DistinctGroups,
): Promise<DistinctGroups> {
  return { groups: await idsOf(open, 'group', groups), count };
}

async function rolesNamed(open: OpenContext, names: readonly string[]): Promise<string[]> {
  const own = await ownRolesNamed(open, names.map(accountKey));
  const spelled = names.map((name) => {
    // PlatformAdmin is bound in no tenant, and nobody decides by it.
    if (isBuiltIn(name) && name !== 'PlatformAdmin') return name;
    const found = own.find(({ key }) => key === accountKey(name));
    if (found) return found.name;
    throw approverUnknown('role', name);
  });
  return [...new Set(spelled)];
}

async function idsOf(
  open: OpenContext,
  kind: 'group' | 'user',
  given: readonly string[],
): Promise<string[]> {
  const ids = new Set<string>();
  for (const each of given) {
    const named = uuid.safeParse(each).success ? { id: each } : { name: each };
    const found = await findBindable(open, { kind, ...named });
    if (!found) throw approverUnknown(kind, each);
    ids.add(found.id);
  }
  return [...ids];
}
