/** Approval policies as HTTP answers them. */
import { environmentKey } from '../../../kernel/environment-key.js';
import type { Scope } from '../../../kernel/grants.js';
import { Permission } from '../../../kernel/permission.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { scopesText } from '../../../platform/database/in-scopes.js';
import { statement } from '../../../platform/database/statement.js';
import type { ApprovalPolicyView } from './approval-policy.js';

type OfTenant = { readonly tenantId: string };

const VIEW = `select p.id, p.name, p.description, e.name as environment, p.modules, p.labels,
    p.strategies, p.kind, p.approvers, p.quorum, p.distinct_groups as "distinctGroups", p.bars,
    p.decision_valid_ms as "decisionValidMs", p.timeout_ms as "timeoutMs",
    p.reason_required as "reasonRequired", p.passkey_required as "passkeyRequired",
    case when p.external_gate_id is not null then
      jsonb_build_object('gateId', p.external_gate_id) end as external,
    coalesce((select jsonb_agg(jsonb_build_object('kind', n.kind, 'id', n.id, 'name', n.name)
        order by n.kind, n.id)
      from (
        select 'group' as kind, named.id, g.name
        from jsonb_array_elements_text(p.approvers -> 'groups'
          || coalesce(p.distinct_groups -> 'groups', '[]')) as named (id)
        left join groups g on g.tenant_id = p.tenant_id and g.id = named.id::uuid
        union
        select 'user', named.id, u.username
        from jsonb_array_elements_text(p.approvers -> 'users') as named (id)
        left join memberships m on m.tenant_id = p.tenant_id and m.user_id = named.id::uuid
        left join users u on u.id = m.user_id) n), '[]') as named,
    p.version, p.created_at as "createdAt"
  from approval_policies p
  left join environments e on e.tenant_id = p.tenant_id and e.id = p.environment_id
  where p.tenant_id = :tenantId`;

const find = statement<OfTenant & { readonly id: string }, ApprovalPolicyView>(
  'approval-policies.find-view',
  `${VIEW} and p.id = :id`,
);

/** For whoever it is meant for: see `isInSight`. */
export function approvalPolicyView(
  open: OpenContext,
  id: string,
): Promise<ApprovalPolicyView | undefined> {
  return open.tx.first(find, { tenantId: open.tenantId, id });
}

/** Whether somebody may know of it: to read or to change policies, in its environment. */
export function isInSight(ctx: Context, policy: ApprovalPolicyView): boolean {
  return [Permission.ApprovalsRead, Permission.ApprovalPoliciesManage].some(
    (permission) => ctx.scopesOf(permission)?.some((scope) => isIn(scope, policy)) ?? true,
  );
}

/** What counts for no module or environment of somebody with a scope is none of their business. */
function isIn(scope: Scope, { modules, environment }: ApprovalPolicyView): boolean {
  const isOfModule = modules?.some((name) => scope.modules?.includes(name) ?? true) ?? true;
  if (environment === null || scope.environments === null) return isOfModule;
  const keys = scope.environments.map(environmentKey);
  return isOfModule && keys.includes(environmentKey(environment));
}

const list = statement<
  OfTenant & {
    readonly scopes: string | null;
    readonly environmentKey: string | null;
    readonly before: string | null;
    readonly take: number;
  },
  ApprovalPolicyView
>(
  'approval-policies.list-views',
  `${VIEW} and (:environmentKey::text is null or e.id is null or e.name_key = :environmentKey)
     and (:scopes::jsonb is null or exists (
       select 1
       from jsonb_to_recordset(:scopes::jsonb) as scope (modules text[], environments text[])
       where (scope.modules is null or p.modules is null or p.modules && scope.modules)
         and (scope.environments is null or e.id is null or e.name_key = any(scope.environments))))
     and (:before::uuid is null or p.id < :before)
   order by p.id desc limit :take`,
);

export function approvalPolicyViews(
  open: OpenContext,
  environment: string | undefined,
  { before, take }: { readonly before: string | null; readonly take: number },
): Promise<ApprovalPolicyView[]> {
  const { tenantId } = open;
  const key = environment === undefined ? null : environmentKey(environment);
  const scopes = scopesText(open.scopesOf(Permission.ApprovalsRead));
  return open.tx.query(list, { tenantId, scopes, environmentKey: key, before, take });
}
