import type { OpenContext } from '../../platform/context.js';
import { eventType } from '../../platform/events/event.js';
import type { QuotaKey } from '../tiers/tier.js';

type Amount = { readonly quota: QuotaKey; readonly amount: number };

const quotaTaken = eventType<Amount>({ name: 'quota-taken', subject: 'tenant', mustBeHeard: true });

const quotaGivenBack = eventType<Amount>({
  name: 'quota-given-back',
  subject: 'tenant',
  mustBeHeard: true,
});

/** What listens to both: the counters. */
export const quotaUse = { taken: quotaTaken, givenBack: quotaGivenBack };

/**
 * So much more of it is there, or was done: called in the transaction that does it, after it is
 * written and as the last thing that locks (the counter's row is the last in the order of locks).
 * Several of one transaction come in the order of their names. Throws `quota-exceeded`.
 */
export async function takeQuota(open: OpenContext, quota: QuotaKey, amount = 1): Promise<void> {
  if (amount > 0) await open.record(quotaTaken(open.tenantId, { quota, amount }));
}

/** So much of it is there no more: likewise, in the transaction that takes it away. */
export async function giveQuotaBack(open: OpenContext, quota: QuotaKey, amount = 1): Promise<void> {
  if (amount > 0) await open.record(quotaGivenBack(open.tenantId, { quota, amount }));
}

/** 80, 90 or 100 per cent are reached: once each in a month and under a limit. Nothing is refused by it. */
export const quotaWarned = eventType<{
  readonly quota: QuotaKey;
  readonly percent: number;
  readonly use: number;
  readonly limit: number;
  readonly month: string;
  /** More than the limit, which was lowered: what is there stays, and grows no more. */
  readonly isOver: boolean;
}>({ name: 'quota-warned', subject: 'tenant', audit: 'tenant', delivered: true });

/** A counter said something else than what is there. */
export const quotaMended = eventType<{
  readonly quota: QuotaKey;
  readonly said: number;
  readonly counted: number;
  readonly difference: number;
}>({ name: 'quota-mended', subject: 'tenant', audit: 'tenant' });
