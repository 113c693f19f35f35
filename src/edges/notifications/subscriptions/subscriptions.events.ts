import { eventType } from '../../../platform/events/event.js';
import type { OwnerKind } from './subscription.entity.js';

type Facts = {
  readonly owner: OwnerKind;
  readonly ownerId: string | null;
  readonly events: readonly string[];
  readonly modules: readonly string[] | null;
  readonly environments: readonly string[] | null;
  readonly channelId: string | null;
};

const subscribed = (name: string) =>
  eventType<Facts>({ name, subject: 'subscription', audit: 'settings' });

export const subscriptionCreated = subscribed('subscription-created');
export const subscriptionChanged = subscribed('subscription-changed');
export const subscriptionDeleted = subscribed('subscription-deleted');

/** What somebody gets without asking: which kinds they have turned off. */
export const ownNoticesChanged = eventType<{ readonly muted: readonly string[] }>({
  name: 'own-notices-changed',
  subject: 'user',
  audit: 'settings',
});
