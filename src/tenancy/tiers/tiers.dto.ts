import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { text } from '../../kernel/text.js';
import type { AnswerOf } from '../../platform/http/answer.js';
import { QUOTA_KEYS, type QuotaKey } from './tier.js';

export const tierId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be a to z, 0 to 9 and -, at most 40, a letter first');

const quota = z.int().min(0).max(limits.quotaAtMost).nullable();
type Quota = typeof quota;

const shape = Object.fromEntries(QUOTA_KEYS.map((key) => [key, quota])) as Record<QuotaKey, Quota>;

/** Null: no limit. All of them are said: one that is forgotten must not be one without an end. */
export const quotas = z.strictObject(shape).meta({ id: 'TierQuotas' });
export const quotaOverrides = z.strictObject(shape).partial().meta({ id: 'QuotaOverrides' });

export const tierRules = z
  .strictObject({
    name: text(60).trim().min(1),
    quotas,
    rateMultiplier: z.number().min(0.01).max(1_000).default(1),
  })
  .meta({ id: 'TierRules' });

export const newTier = tierRules.extend({ id: tierId }).meta({ id: 'NewTier' });

export const tierParams = z.strictObject({ id: tierId });

export const tierOut = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    quotas,
    rateMultiplier: z.number(),
    version: z.int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Tier' });

export const tiersOut = z.strictObject({ items: z.array(tierOut) });

export type TierRules = z.output<typeof tierRules>;
export type NewTier = z.output<typeof newTier>;
export type TierParams = z.output<typeof tierParams>;
export type TierView = AnswerOf<typeof tierOut>;

export const exampleTier = {
  id: 'starter',
  name: 'Starter',
  quotas: {
    deploymentsPerMonth: 100,
    deploymentsInFlight: 5,
    modules: 25,
    nodes: 25,
    clusters: 10,
    members: 15,
    keys: 25,
    storageBytes: 10_000_000_000,
    bandwidthBytes: 100_000_000_000,
    websites: 5,
  },
  rateMultiplier: 1,
  version: 1,
  createdAt: '2026-01-05T08:00:00.000Z',
};
