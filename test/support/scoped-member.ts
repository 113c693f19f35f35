/** Somebody who holds roles within scopes, signed in over HTTP. */
import type { Scope } from '../../src/kernel/grants.js';
import type { Role } from '../../src/kernel/permission.js';
import { bindRole, removeRolesOf } from '../../src/tenancy/permissions/role-bindings.store.js';
import type { Member, WholeApp } from './whole-app.js';

export interface HeldWithin {
  readonly role: Role | { readonly id: string };
  readonly modules?: readonly string[];
  readonly environments?: readonly string[];
}

export async function scopedMember(
  whole: WholeApp,
  tenantId: string,
  ...held: readonly HeldWithin[]
): Promise<Member> {
  const member = await whole.member(tenantId);
  const subject = { kind: 'user', id: member.userId } as const;
  await whole.inTenant(tenantId, async (open) => {
    await removeRolesOf(open, subject);
    for (const { role, modules = null, environments = null } of held) {
      const scope: Scope = { modules, environments };
      await bindRole(open, { role, subject, scope });
    }
  });
  return member;
}
