import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { newId } from '../../../kernel/ids.js';
import { notificationLimits as limits } from '../../../kernel/notification-limits.js';
import { Permission } from '../../../kernel/permission.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { insertNew, updateOne } from '../../../platform/database/entity-rows.js';
import { versionMismatch } from '../../../platform/http/http.errors.js';
import { idempotent } from '../../../platform/http/idempotency.js';
import { newestFirst, type Page } from '../../../platform/http/page.js';
import { changing } from '../../../platform/events/changing.js';
import { GroupEntity } from '../../../tenancy/groups/group.entity.js';
import { memberView } from '../../../tenancy/users/members.views.js';
import { ChannelEntity } from '../channels/channel.entity.js';
import * as errors from './subscription.errors.js';
import { SubscriptionEntity } from './subscription.entity.js';
import type {
  NewSubscription,
  NoticesBody,
  SubscriptionRules,
  SubscriptionsQuery,
  SubscriptionView,
} from './subscriptions.dto.js';
import * as events from './subscriptions.events.js';
import { mutedOf, NOTICE_KINDS, setMuted } from './subscriptions.store.js';
import { type Reach, subscriptionView, subscriptionViews } from './subscriptions.views.js';

/**
 * Who hears of what. One's own needs no permission, and goes to one's own address; whatever goes to a
 * channel, or is a group's or the tenant's, needs `subscriptions:manage`.
 */
@Injectable()
export class SubscriptionsService {
  constructor(private readonly database: Database) {}

  list(ctx: Context, query: SubscriptionsQuery): Promise<Page<SubscriptionView>> {
    return this.database.transaction(ctx, (open) =>
      newestFirst('subscriptions', query, (before, take) =>
        subscriptionViews(open, { reach: reachOf(open), query }, { before, take }),
      ),
    );
  }

  /** Throws `subscription-not-found`. */
  get(ctx: Context, id: string): Promise<SubscriptionView> {
    return this.database.transaction(ctx, (open) => find(open, id));
  }

  /**
   * Throws `permission-missing`, `subscription-needs-member`, `subscription-target-unknown`,
   * `subscription-limit`.
   */
  async create(
    ctx: Context,
    request: NewSubscription,
    key: string | undefined,
  ): Promise<SubscriptionView> {
    const { owner, groupId, ...rules } = request;
    const call = { key, route: 'POST /subscriptions', body: request };
    const answer = await idempotent(this.database, ctx, call, async (open) => {
      const ownerId = owner === 'user' ? await memberIn(open) : (groupId ?? null);
      if (owner !== 'user') open.require(Permission.SubscriptionsManage);
      if (owner === 'group') await mustHaveGroup(open, ownerId!);
      await mustHaveChannel(open, rules);
      await checkLimit(open, owner === 'user' ? ownerId : null);
      const row = { ...rules, tenantId: open.tenantId, id: newId(), ownerKind: owner, ownerId };
      const added = { ...row, createdBy: open.actor.name };
      await insertNew(open.tx.repository(SubscriptionEntity), added);
      const view = await find(open, row.id);
      const event = events.subscriptionCreated(row.id, { owner, ownerId, ...rules });
      await open.record(changing(event, { before: null, after: view }));
      return { status: 201, body: view };
    });
    return answer.body;
  }

  /** Throws `subscription-not-found`, `version-mismatch`, and as making one does. */
  replace(
    ctx: Context,
    id: string,
    { version, rules }: { readonly version: number; readonly rules: SubscriptionRules },
  ): Promise<SubscriptionView> {
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const before = await find(open, id);
      const { owner, ownerId, version: present } = before;
      if (owner !== 'user' && rules.channelId === null) {
        throw errors.subscriptionTargetUnknown('channel');
      }
      await mustHaveChannel(open, rules);
      const subscriptions = open.tx.repository(SubscriptionEntity);
      const row = await updateOne(subscriptions, { tenantId, id, version }, rules);
      if (!row) throw versionMismatch(present);
      const after = await find(open, id);
      const event = events.subscriptionChanged(id, { owner, ownerId, ...rules });
      await open.record(changing(event, { before, after }));
      return after;
    });
  }

  /** Throws `subscription-not-found`. */
  remove(ctx: Context, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      const before = await find(open, id);
      const { owner, ownerId, modules, environments, channelId, ...rest } = before;
      await open.tx.repository(SubscriptionEntity).delete({ tenantId: open.tenantId, id });
      const rules = { events: rest.events, modules, environments, channelId };
      const event = events.subscriptionDeleted(id, { owner, ownerId, ...rules });
      await open.record(changing(event, { before, after: null }));
    });
  }

  /** What comes without asking. Throws `subscription-needs-member`. */
  notices(ctx: Context): Promise<NoticesBody> {
    return this.database.transaction(ctx, async (open) => noticesOf(open, await memberIn(open)));
  }

  /** Throws `subscription-needs-member`. */
  setNotices(ctx: Context, wanted: NoticesBody): Promise<NoticesBody> {
    return this.database.transaction(ctx, async (open) => {
      const userId = await memberIn(open);
      const muted = NOTICE_KINDS.filter((kind) => !wanted[kind]);
      const before = await noticesOf(open, userId);
      await setMuted(open, userId, muted);
      const after = await noticesOf(open, userId);
      await open.record(changing(events.ownNoticesChanged(userId, { muted }), { before, after }));
      return after;
    });
  }
}

async function noticesOf(open: OpenContext, userId: string): Promise<NoticesBody> {
  const muted = await mutedOf(open, userId);
  return {
    approvals: !muted.has('approvals'),
    outcomes: !muted.has('outcomes'),
    alarms: !muted.has('alarms'),
  };
}

/** The person themselves: neither a key of theirs, nor a platform admin who acts here. */
function selfOf({ actor }: Context): string | null {
  return actor.kind === 'user' && actor.isActing !== true ? actor.personId : null;
}

function reachOf(open: OpenContext): Reach {
  return { self: selfOf(open), isManager: open.can(Permission.SubscriptionsManage) };
}

/** Throws `subscription-not-found`: of what is somebody else's exactly as of what never was. */
async function find(open: OpenContext, id: string): Promise<SubscriptionView> {
  const view = await subscriptionView(open, reachOf(open), id);
  if (view) return view;
  throw errors.subscriptionNotFound();
}

async function memberIn(open: OpenContext): Promise<string> {
  const self = selfOf(open);
  if (self !== null && (await memberView(open, self))) return self;
  throw errors.subscriptionNeedsMember();
}

async function mustHaveGroup(open: OpenContext, id: string): Promise<void> {
  const { tenantId } = open;
  if (await open.tx.repository(GroupEntity).existsBy({ tenantId, id })) return;
  throw errors.subscriptionTargetUnknown('group');
}

/** A channel is many people's: what goes there is decided by who manages that. */
async function mustHaveChannel(
  open: OpenContext,
  { channelId: id }: SubscriptionRules,
): Promise<void> {
  if (id === null) return;
  open.require(Permission.SubscriptionsManage);
  const { tenantId } = open;
  if (await open.tx.repository(ChannelEntity).existsBy({ tenantId, id })) return;
  throw errors.subscriptionTargetUnknown('channel');
}

async function checkLimit(open: OpenContext, userId: string | null): Promise<void> {
  const { tenantId } = open;
  const subscriptions = open.tx.repository(SubscriptionEntity);
  if (userId !== null) {
    const own = await subscriptions.countBy({ tenantId, ownerKind: 'user', ownerId: userId });
    if (own >= limits.subscriptionsPerPerson) throw errors.subscriptionLimit('person');
    return;
  }
  const shared = await subscriptions.countBy({ tenantId, ownerKind: In(['tenant', 'group']) });
  if (shared >= limits.subscriptionsPerTenant) throw errors.subscriptionLimit('tenant');
}
