import { eventType } from '../../platform/events/event.js';
import { Topic } from '../../platform/signal/topics.js';
import type { Quotas } from './tier.js';

type Facts = {
  readonly name: string;
  readonly quotas: Quotas;
  /** In thousandths: audit entries have whole numbers. */
  readonly rateMultiplierThousandths: number;
};

/** In the log of the reserved tenant. */
export const tierCreated = eventType<Facts>({
  name: 'tier-created',
  subject: 'tier',
  audit: 'tenant',
  hint: Topic.Tenant,
});

export const tierChanged = eventType<{ readonly before: Facts; readonly after: Facts }>({
  name: 'tier-changed',
  subject: 'tier',
  audit: 'tenant',
  hint: Topic.Tenant,
});

export const tierDeleted = eventType<Facts>({
  name: 'tier-deleted',
  subject: 'tier',
  audit: 'tenant',
  hint: Topic.Tenant,
});

export function factsOfTier(tier: {
  readonly name: string;
  readonly quotas: Quotas;
  readonly rateMultiplier: number;
}): Facts {
  const { name, quotas, rateMultiplier } = tier;
  return { name, quotas, rateMultiplierThousandths: Math.round(rateMultiplier * 1_000) };
}
