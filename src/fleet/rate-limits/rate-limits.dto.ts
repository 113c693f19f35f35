import { z } from 'zod';
import { text } from '../../kernel/text.js';
import { MOST_A_MINUTE } from '../../platform/rate-limits/rate-limits.settings.js';
import { RATE_NAMES, RATE_PROFILES } from '../../platform/rate-limits/rates.js';

const REASON_CHARACTERS = 500;

const limit = z.enum(RATE_NAMES as [(typeof RATE_NAMES)[number], ...(typeof RATE_NAMES)[number][]]);

export const rateLimitParams = z.strictObject({ limit });

export const putRateLimitBody = z
  .strictObject({
    perMinute: z.int().min(1).max(MOST_A_MINUTE).nullable().meta({
      description: 'Null: the default again.',
    }),
    reason: text(REASON_CHARACTERS).trim().min(1).optional().meta({
      description: 'Why, for whoever reads the change log.',
    }),
  })
  .meta({ id: 'PutRateLimit' });

const shared = {
  limit,
  counts: z.string().meta({ description: 'Whose requests are counted.' }),
  setting: z.string().meta({ description: 'The key of the setting that holds the number.' }),
  default: z.int(),
};

const rateLimitForTenant = z
  .strictObject({
    ...shared,
    perMinute: z.int().meta({
      description: 'For you: the number that is set, times your tier, times ten in development.',
    }),
  })
  .meta({ id: 'RateLimitForTenant' });

export const rateLimitsOut = z
  .strictObject({
    profile: z.enum(RATE_PROFILES).meta({
      description: 'Of this installation; `report-only`: nobody is refused.',
    }),
    limits: z.array(rateLimitForTenant),
  })
  .meta({ id: 'RateLimits' });

export const rateLimitOut = z
  .strictObject({
    ...shared,
    perMinute: z.int().meta({ description: 'As it is set for all, before tiers.' }),
    isSet: z.boolean().meta({ description: 'False: it is the default.' }),
    version: z.int().meta({ description: 'For If-Match; 0: it was never set.' }),
  })
  .meta({ id: 'RateLimit' });

export type RateLimitParams = z.output<typeof rateLimitParams>;
export type PutRateLimitBody = z.output<typeof putRateLimitBody>;
