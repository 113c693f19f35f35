import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import {
  cursorInvalid,
  idempotencyKeyInFlight,
  idempotencyKeyReused,
  ifMatchRequired,
  permissionMissing,
  versionMismatch,
} from '../../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../../platform/http/if-match.js';
import { pageOf } from '../../../platform/http/page.js';
import { Route } from '../../../platform/http/route.js';
import * as errors from './subscription.errors.js';
import * as dto from './subscriptions.dto.js';
import { SubscriptionsService } from './subscriptions.service.js';

const { exampleSubscription: example } = dto;
const { events, modules, environments, channelId, ownerId: groupId } = example;
const rules = { events, modules, environments, channelId };
const notices = { approvals: true, outcomes: true, alarms: false };
const tagged = ({ version }: dto.SubscriptionView) => ({ etag: etagOf(version) });

@ApiTags('notifications')
@Controller('subscriptions')
export class SubscriptionsController {
  constructor(private readonly subscriptions: SubscriptionsService) {}

  @Route('GET', {
    access: 'authenticated',
    summary: 'List subscriptions',
    description:
      'Newest first: your own, and those of groups and of the tenant if you hold subscriptions:manage. Nobody sees those of other people.',
    errors: [cursorInvalid],
    answer: pageOf(dto.subscriptionOut),
    example: { response: { items: [example], nextCursor: null } },
  })
  list(
    @Ctx() ctx: Context,
    @Query({ schema: dto.subscriptionsQuery }) query: dto.SubscriptionsQuery,
  ) {
    return this.subscriptions.list(ctx, query);
  }

  @Route('GET own-notices', {
    access: 'person',
    proof: { isForVouched: true },
    summary: 'Read what you get without asking',
    description:
      'By e-mail, where mail is on and your account has an address: approvals that you are asked for, what became of what you asked for, and alarms if you are an Admin.',
    errors: [errors.subscriptionNeedsMember],
    answer: dto.noticesBody,
    example: { response: notices },
  })
  notices(@Ctx() ctx: Context) {
    return this.subscriptions.notices(ctx);
  }

  @Route('PUT own-notices', {
    access: 'person',
    proof: { isForVouched: true },
    summary: 'Turn what you get without asking on or off',
    description: 'For yourself alone, in this tenant.',
    errors: [errors.subscriptionNeedsMember],
    answer: dto.noticesBody,
    example: { request: notices, response: notices },
  })
  setNotices(@Ctx() ctx: Context, @Body({ schema: dto.noticesBody }) body: dto.NoticesBody) {
    return this.subscriptions.setNotices(ctx, body);
  }

  @Route('GET :id', {
    access: 'authenticated',
    summary: 'Read a subscription',
    description: 'The ETag is the version for If-Match.',
    errors: [errors.subscriptionNotFound],
    answer: dto.subscriptionOut,
    answerHeaders: tagged,
    example: { response: example },
  })
  get(
    @Ctx() ctx: Context,
    @Param({ schema: dto.subscriptionParams }) { id }: dto.SubscriptionParams,
  ) {
    return this.subscriptions.get(ctx, id);
  }

  @Route('POST', {
    access: 'authenticated',
    summary: 'Subscribe to events',
    description:
      'Your own needs no permission and goes to your address. One of a group or of the tenant, or to a channel, needs subscriptions:manage. At the moment of sending it is asked again what its owner may read.',
    errors: [
      permissionMissing,
      errors.subscriptionNeedsMember,
      errors.subscriptionTargetUnknown,
      errors.subscriptionLimit,
      idempotencyKeyReused,
      idempotencyKeyInFlight,
    ],
    answer: dto.subscriptionOut,
    answerHeaders: tagged,
    example: { request: { owner: 'group', groupId, ...rules }, response: example },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.newSubscription }) body: dto.NewSubscription,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    return this.subscriptions.create(ctx, body, key);
  }

  @Route('PUT :id', {
    access: 'authenticated',
    summary: 'Change a subscription',
    description: 'Needs If-Match with the version that was read. Its owner stays.',
    errors: [
      errors.subscriptionNotFound,
      permissionMissing,
      errors.subscriptionTargetUnknown,
      ifMatchRequired,
      versionMismatch,
    ],
    answer: dto.subscriptionOut,
    answerHeaders: tagged,
    example: { request: rules, response: { ...example, version: 2 } },
  })
  replace(
    @Ctx() ctx: Context,
    @Param({ schema: dto.subscriptionParams }) { id }: dto.SubscriptionParams,
    @Body({ schema: dto.subscriptionRules }) body: dto.SubscriptionRules,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.subscriptions.replace(ctx, id, { version: ifMatchVersion(ifMatch), rules: body });
  }

  @Route('DELETE :id', {
    access: 'authenticated',
    summary: 'End a subscription',
    description: 'What is on its way already arrives.',
    errors: [errors.subscriptionNotFound],
  })
  remove(
    @Ctx() ctx: Context,
    @Param({ schema: dto.subscriptionParams }) { id }: dto.SubscriptionParams,
  ) {
    return this.subscriptions.remove(ctx, id);
  }
}
