/** Subscriptions as HTTP answers them. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { SubscriptionsQuery, SubscriptionView } from './subscriptions.dto.js';

/** Whose somebody may see: their own, and with `isManager` those of groups and of the tenant. */
export interface Reach {
  readonly self: string | null;
  readonly isManager: boolean;
}

type Asked = Reach & { readonly tenantId: string };

const VIEW = `select s.id, s.owner_kind as owner, s.owner_id as "ownerId",
    coalesce(u.username, g.name) as "ownerName", s.events, s.modules, s.environments,
    s.channel_id as "channelId", c.name as "channelName", s.created_by as "createdBy", s.version,
    s.created_at as "createdAt"
  from subscriptions s
  left join users u on s.owner_kind = 'user' and u.id = s.owner_id
  left join groups g on s.owner_kind = 'group' and g.tenant_id = s.tenant_id and g.id = s.owner_id
  left join channels c on c.tenant_id = s.tenant_id and c.id = s.channel_id
  where s.tenant_id = :tenantId and (s.owner_kind = 'user' and s.owner_id = :self::uuid
    or s.owner_kind <> 'user' and :isManager::bool)`;

const find = statement<Asked & { readonly id: string }, SubscriptionView>(
  'subscriptions.find-view',
  `${VIEW} and s.id = :id`,
);

export function subscriptionView(
  open: OpenContext,
  reach: Reach,
  id: string,
): Promise<SubscriptionView | undefined> {
  return open.tx.first(find, { ...reach, tenantId: open.tenantId, id });
}

const list = statement<
  Asked & {
    readonly owner: string | null;
    readonly channelId: string | null;
    readonly before: string | null;
    readonly take: number;
  },
  SubscriptionView
>(
  'subscriptions.list-views',
  `${VIEW} and (:owner::text is null or s.owner_kind = :owner)
     and (:channelId::uuid is null or s.channel_id = :channelId)
     and (:before::uuid is null or s.id < :before)
   order by s.id desc limit :take`,
);

export function subscriptionViews(
  open: OpenContext,
  { reach, query }: { readonly reach: Reach; readonly query: SubscriptionsQuery },
  { before, take }: { readonly before: string | null; readonly take: number },
): Promise<SubscriptionView[]> {
  const { owner = null, channelId = null } = query;
  const { tenantId } = open;
  return open.tx.query(list, { ...reach, tenantId, owner, channelId, before, take });
}
