import { z } from 'zod';
import { notificationLimits as limits } from '../../../kernel/notification-limits.js';
import { dnsLabel, text, uuid } from '../../../kernel/text.js';
import type { AnswerOf } from '../../../platform/http/answer.js';
import { pageQuery } from '../../../platform/http/page.js';
import { EVENT_KINDS, EVENT_NAMES } from '../messages/event-names.js';
import { OWNER_KINDS } from './subscription.entity.js';

const unique = <T>(names: readonly T[]) => [...new Set(names)];
const names = <S extends z.ZodType>(one: S) =>
  z.array(one).min(1).max(limits.namesPerSubscription).transform(unique);

const rules = {
  events: names(z.enum([...EVENT_KINDS, ...EVENT_NAMES])).meta({
    description: 'Events by name, or all of a kind. `GET /notification-templates` lists them.',
  }),
  modules: names(dnsLabel).nullable().default(null).meta({ description: 'Null: all.' }),
  environments: names(text(40).min(1)).nullable().default(null).meta({
    description: 'Null: all.',
  }),
  channelId: uuid.nullable().default(null).meta({
    description: 'Null: by e-mail to your own address, which only your own subscription can be.',
  }),
};

export const subscriptionRules = z.strictObject(rules).meta({ id: 'SubscriptionRules' });
export type SubscriptionRules = z.output<typeof subscriptionRules>;

export const newSubscription = z
  .strictObject({
    owner: z.enum(OWNER_KINDS).default('user').meta({
      description:
        '`user`: you, who hear of what you may read. `group`: what its roles let it read. `tenant`: everything.',
    }),
    groupId: uuid.optional(),
    ...rules,
  })
  .refine(({ owner, groupId }) => (owner === 'group') === (groupId !== undefined), {
    path: ['groupId'],
    message: 'must be there when the owner is a group, and only then',
  })
  .refine(({ owner, channelId }) => owner === 'user' || channelId !== null, {
    path: ['channelId'],
    message: 'must be there: only your own subscription can go to your own address',
  })
  .meta({ id: 'NewSubscription' });
export type NewSubscription = z.output<typeof newSubscription>;

export const subscriptionParams = z.strictObject({ id: uuid });
export type SubscriptionParams = z.output<typeof subscriptionParams>;

export const subscriptionsQuery = pageQuery.extend({
  owner: z.enum(OWNER_KINDS).optional().meta({ description: 'Only those of such an owner.' }),
  channelId: uuid.optional().meta({ description: 'Only those that go there.' }),
});
export type SubscriptionsQuery = z.output<typeof subscriptionsQuery>;

export const subscriptionOut = z
  .strictObject({
    id: z.uuid(),
    owner: z.enum(OWNER_KINDS),
    ownerId: z.uuid().nullable(),
    ownerName: z.string().nullable().meta({ description: 'Null: the tenant.' }),
    events: z.array(z.string()),
    modules: z.array(z.string()).nullable(),
    environments: z.array(z.string()).nullable(),
    channelId: z.uuid().nullable(),
    channelName: z.string().nullable(),
    createdBy: z.string(),
    version: z.int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Subscription' });
export type SubscriptionView = AnswerOf<typeof subscriptionOut>;

export const noticesBody = z
  .strictObject({
    approvals: z.boolean().meta({ description: 'Approvals that you are asked for.' }),
    outcomes: z.boolean().meta({ description: 'What became of what you asked for.' }),
    alarms: z.boolean().meta({ description: 'Alarms, which only an Admin of the tenant gets.' }),
  })
  .meta({ id: 'OwnNotices' });
export type NoticesBody = z.output<typeof noticesBody>;

export const exampleSubscription = {
  id: '019a7f3e-5100-7aaa-8bbb-0123456789ab',
  owner: 'group',
  ownerId: '019a7f3e-9000-7aaa-8bbb-0123456789ab',
  ownerName: 'payments',
  events: ['deployments', 'approval-requested'],
  modules: ['payment-processor'],
  environments: ['Production'],
  channelId: '019a7f3e-5200-7aaa-8bbb-0123456789ab',
  channelName: 'payments-releases',
  createdBy: 'ada',
  version: 1,
  createdAt: '2026-11-30T09:12:33.000Z',
};
