import { errorEntry } from '../../../kernel/error-entry.js';
import { notificationLimits as limits } from '../../../kernel/notification-limits.js';

/** What subscriptions can answer. */

export const subscriptionNotFound = errorEntry({
  code: 'subscription-not-found',
  kind: 'not-found',
  meaning:
    'There is no subscription with this id that is yours or that you may manage. `GET /subscriptions` lists them.',
});

export const subscriptionLimit = errorEntry({
  code: 'subscription-limit',
  kind: 'limit',
  meaning: 'The limit of subscriptions is reached. Delete one first, or widen one.',
  tell: (of: 'tenant' | 'person') =>
    of === 'tenant'
      ? `A tenant and its groups have at most ${limits.subscriptionsPerTenant} subscriptions. Delete one, or let one name more events.`
      : `A person has at most ${limits.subscriptionsPerPerson} subscriptions of their own. Delete one, or let one name more events.`,
});

export const subscriptionNeedsMember = errorEntry({
  code: 'subscription-needs-member',
  kind: 'forbidden',
  meaning:
    'Only a person who is a member of the tenant can have subscriptions of their own. Make one of a group or of the tenant, to a channel.',
});

export const subscriptionTargetUnknown = errorEntry({
  code: 'subscription-target-unknown',
  kind: 'invalid',
  meaning: 'A subscription names a channel or a group that is not there.',
  tell: (what: 'channel' | 'group') =>
    `There is no ${what} with this id. \`GET /${what}s\` lists them.`,
});

export const eventUnknown = errorEntry({
  code: 'event-unknown',
  kind: 'not-found',
  meaning: 'There is no event of this name. `GET /notification-templates` lists them.',
});
