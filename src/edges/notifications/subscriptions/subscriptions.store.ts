/** The tables `subscriptions` and `muted_notices`, as whoever tells of events asks, and what goes with its owner. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { Interest } from '../matching/match.js';
import type { OwnerKind } from './subscription.entity.js';

export interface Subscribed extends Interest {
  readonly id: string;
  readonly ownerKind: OwnerKind;
  readonly ownerId: string | null;
  readonly channelId: string | null;
}

const findTo = statement<
  { readonly tenantId: string; readonly words: readonly string[] },
  Subscribed
>(
  'subscriptions.find-to-event',
  `select id, owner_kind as "ownerKind", owner_id as "ownerId", events, modules, environments,
     channel_id as "channelId"
   from subscriptions where tenant_id = :tenantId and events && :words::text[] order by id`,
);

/** Those that name one of the words: an event, and its kinds. */
export function subscriptionsTo(
  open: OpenContext,
  words: readonly string[],
): Promise<Subscribed[]> {
  return open.tx.query(findTo, { tenantId: open.tenantId, words });
}

const removeOf = statement<{
  readonly tenantId: string;
  readonly ownerKind: string;
  readonly ownerId: string;
}>(
  'subscriptions.remove-of-owner',
  `delete from subscriptions
   where tenant_id = :tenantId and owner_kind = :ownerKind and owner_id = :ownerId`,
);

export async function removeSubscriptionsOf(
  open: OpenContext,
  ownerKind: 'group' | 'user',
  ownerId: string,
): Promise<void> {
  await open.tx.execute(removeOf, { tenantId: open.tenantId, ownerKind, ownerId });
}

const removeTo = statement<{ readonly tenantId: string; readonly channelId: string }>(
  'subscriptions.remove-to-channel',
  'delete from subscriptions where tenant_id = :tenantId and channel_id = :channelId',
);

export async function removeSubscriptionsTo(open: OpenContext, channelId: string): Promise<void> {
  await open.tx.execute(removeTo, { tenantId: open.tenantId, channelId });
}

export const NOTICE_KINDS = ['approvals', 'outcomes', 'alarms'] as const;
/** What people get without having asked for it. */
export type NoticeKind = (typeof NOTICE_KINDS)[number];

type OfUser = { readonly tenantId: string; readonly userId: string };

const findMuted = statement<OfUser, { readonly kind: NoticeKind }>(
  'muted-notices.find',
  'select kind from muted_notices where tenant_id = :tenantId and user_id = :userId',
);

export async function mutedOf(open: OpenContext, userId: string): Promise<ReadonlySet<NoticeKind>> {
  const rows = await open.tx.query(findMuted, { tenantId: open.tenantId, userId });
  return new Set(rows.map(({ kind }) => kind));
}

const findMuting = statement<
  { readonly tenantId: string; readonly kind: string; readonly ids: readonly string[] },
  { readonly id: string }
>(
  'muted-notices.find-who-muted',
  `select user_id as id from muted_notices
   where tenant_id = :tenantId and kind = :kind and user_id = any(:ids::uuid[])`,
);

/** Of these people, those who want no notices of that kind. */
export async function whoMuted(
  open: OpenContext,
  kind: NoticeKind,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await open.tx.query(findMuting, { tenantId: open.tenantId, kind, ids });
  return new Set(rows.map(({ id }) => id));
}

const unmute = statement<OfUser>(
  'muted-notices.clear',
  'delete from muted_notices where tenant_id = :tenantId and user_id = :userId',
);
const mute = statement<OfUser & { readonly kinds: readonly string[] }>(
  'muted-notices.insert',
  `insert into muted_notices (tenant_id, user_id, kind)
   select :tenantId, :userId, kind from unnest(:kinds::text[]) as kind on conflict do nothing`,
);

export async function setMuted(
  open: OpenContext,
  userId: string,
  kinds: readonly NoticeKind[],
): Promise<void> {
  const { tenantId } = open;
  await open.tx.execute(unmute, { tenantId, userId });
  await open.tx.execute(mute, { tenantId, userId, kinds });
}
