/** Deployments that were started without their approvals, as lists show them. */
import { Permission } from '../../../kernel/permission.js';
import type { OpenContext } from '../../../platform/context.js';
import { inScopes, scopesText } from '../../../platform/database/in-scopes.js';
import { statement } from '../../../platform/database/statement.js';
import { type BreakGlass, BREAK_GLASS_COLUMNS } from './break-glass.store.js';

export interface BreakGlassRow extends BreakGlass {
  readonly module: string;
  readonly version: string;
  readonly environment: string;
}

const list = statement<
  {
    readonly tenantId: string;
    readonly isOpen: boolean | null;
    readonly before: string | null;
    readonly scopes: string | null;
    readonly take: number;
  },
  BreakGlassRow
>(
  'break-glass.view-list',
  `select ${BREAK_GLASS_COLUMNS}, m.name as module, r.version, e.name as environment
   from break_glass b
   join deployments d on d.tenant_id = b.tenant_id and d.id = b.deployment_id
   join environments e on e.tenant_id = d.tenant_id and e.id = d.environment_id
   join modules m on m.tenant_id = d.tenant_id and m.id = d.module_id
   join releases r on r.tenant_id = d.tenant_id and r.id = d.release_id
   where b.tenant_id = :tenantId and (:before::uuid is null or b.id < :before)
     and (:isOpen::boolean is null or (b.reviewed_at is null) = :isOpen)
     and ${inScopes({ module: 'm.name', environmentKey: 'e.name_key' })}
   order by b.id desc limit :take`,
);

export function breakGlassRows(
  open: OpenContext,
  asked: { readonly isOpen: boolean | null; readonly before: string | null; readonly take: number },
): Promise<BreakGlassRow[]> {
  const scopes = scopesText(open.scopesOf(Permission.ApprovalsRead));
  return open.tx.query(list, { ...asked, tenantId: open.tenantId, scopes });
}
