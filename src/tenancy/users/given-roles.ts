import type { OpenContext } from '../../platform/context.js';
import type { FoundRole } from '../permissions/giving.js';
import { bindRole } from '../permissions/role-bindings.store.js';

/** Those that are held already stay as they are. */
export async function bindAll(
  open: OpenContext,
  userId: string,
  roles: readonly FoundRole[],
): Promise<void> {
  for (const { bound, modules, environments } of roles) {
    await bindRole(open, {
      role: bound,
      subject: { kind: 'user', id: userId },
      scope: { modules, environments },
    });
  }
}
