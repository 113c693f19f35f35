/** Accounts as whoever runs the platform sees them: all of them, of no tenant. */
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { AccountView } from './platform-users.dto.js';

const VIEW = `select u.id, u.username, u.email, u.display_name as "displayName",
    u.disabled_at is not null as "isDisabled", u.password_hash is not null as "hasPassword",
    array(select t.slug from memberships m join tenants t on t.id = m.tenant_id
      where m.user_id = u.id and t.status <> 'deleted' order by t.slug) as tenants,
    u.created_at as "createdAt"
  from users u`;

const find = statement<{ readonly userId: string }, AccountView>(
  'accounts.find-view',
  `${VIEW} where u.id = :userId`,
);

export function accountView(
  tx: SystemTransaction,
  userId: string,
): Promise<AccountView | undefined> {
  return tx.first(find, { userId });
}

const list = statement<
  { readonly text: string | null; readonly before: string | null; readonly take: number },
  AccountView
>(
  'accounts.list-views',
  `${VIEW} where (:before::uuid is null or u.id < :before)
     and (:text::text is null or strpos(lower(concat_ws(' ', u.username, u.email, u.display_name)),
       lower(:text::text)) > 0)
   order by u.id desc limit :take`,
);

export function accountViews(
  tx: SystemTransaction,
  text: string | undefined,
  { before, take }: { readonly before: string | null; readonly take: number },
): Promise<AccountView[]> {
  return tx.query(list, { text: text ?? null, before, take });
}
