/** Role bindings as HTTP answers them, and whom they may name. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { AnswerOf } from '../../platform/http/answer.js';
import { accountKey } from '../users/account-name.js';
import type { bindingOut, BindingsQuery } from './role-bindings.dto.js';
import type { BindingSubject } from './role-bindings.store.js';

export type BindingView = AnswerOf<typeof bindingOut>;

const VIEW = `select b.id, coalesce(b.built_in_role, r.name) as role,
    jsonb_build_object('kind', b.subject_kind, 'id', b.subject_id,
      'name', coalesce(u.username, g.name, s.name, '')) as subject,
    b.modules, b.environments, b.source, b.created_at as "createdAt"
  from role_bindings b
  left join roles r on r.tenant_id = b.tenant_id and r.id = b.role_id
  left join users u on b.subject_kind = 'user' and u.id = b.subject_id
  left join groups g on b.subject_kind = 'group' and g.tenant_id = b.tenant_id and g.id = b.subject_id
  left join service_accounts s on b.subject_kind = 'service-account'
    and s.tenant_id = b.tenant_id and s.id = b.subject_id
  where b.tenant_id = :tenantId`;

const find = statement<{ readonly tenantId: string; readonly id: string }, BindingView>(
  'role-bindings.find-view',
  `${VIEW} and b.id = :id`,
);

export function bindingView(open: OpenContext, id: string): Promise<BindingView | undefined> {
  return open.tx.first(find, { tenantId: open.tenantId, id });
}

const list = statement<
  {
    readonly tenantId: string;
    readonly subjectKind: string | null;
    readonly subjectId: string | null;
    readonly role: string | null;
    readonly before: string | null;
    readonly take: number;
  },
  BindingView
>(
  'role-bindings.list-views',
  `${VIEW} and (:subjectKind::text is null or b.subject_kind = :subjectKind)
     and (:subjectId::uuid is null or b.subject_id = :subjectId)
     and (:role::text is null or b.built_in_role = :role or r.name_key = lower(:role))
     and (:before::uuid is null or b.id < :before)
   order by b.id desc limit :take`,
);

export function bindingViews(
  open: OpenContext,
  { subjectKind = null, subjectId = null, role = null }: Nullable<BindingsQuery>,
  { before, take }: { readonly before: string | null; readonly take: number },
): Promise<BindingView[]> {
  const { tenantId } = open;
  return open.tx.query(list, { tenantId, subjectKind, subjectId, role, before, take });
}

type Nullable<T> = { readonly [Name in keyof T]: T[Name] | null };

const findSubject = statement<
  {
    readonly tenantId: string;
    readonly kind: BindingSubject['kind'];
    readonly id: string | null;
    readonly key: string | null;
  },
  { readonly id: string; readonly name: string }
>(
  'role-bindings.find-subject',
  `select u.id, u.username as name from memberships m join users u on u.id = m.user_id
   where :kind::text = 'user' and m.tenant_id = :tenantId
     and (u.id = :id::uuid or lower(u.username) = :key::text or lower(u.email) = :key::text)
   union all
   select id, name from groups
   where :kind::text = 'group' and tenant_id = :tenantId and (id = :id::uuid or name_key = :key::text)
   union all
   select id, name from service_accounts
   where :kind::text = 'service-account' and tenant_id = :tenantId
     and (id = :id::uuid or name_key = :key::text)
   limit 1`,
);

/** Of this tenant, by id or by name; undefined: there is none. */
export function findBindable(
  open: OpenContext,
  { kind, id, name }: Pick<BindingSubject, 'kind'> & { id?: string; name?: string },
): Promise<{ readonly id: string; readonly name: string } | undefined> {
  const key = name === undefined ? null : accountKey(name);
  return open.tx.first(findSubject, { tenantId: open.tenantId, kind, id: id ?? null, key });
}
