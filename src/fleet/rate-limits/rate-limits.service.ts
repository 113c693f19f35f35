import { Injectable } from '@nestjs/common';
import type { Context } from '../../platform/context.js';
import { RateLimits } from '../../platform/rate-limits/rate-limits.js';
import { rateSettings } from '../../platform/rate-limits/rate-limits.settings.js';
import { RATE_NAMES, type RateName, rates } from '../../platform/rate-limits/rates.js';
import { type AskedChange, SettingsService } from '../settings/settings.service.js';
import type { PutRateLimitBody } from './rate-limits.dto.js';

type Change = Pick<AskedChange, 'version' | 'signedIn'> & Pick<PutRateLimitBody, 'reason'>;
type SettingView = Awaited<ReturnType<SettingsService['get']>>;

const OF_PLATFORM = { scope: 'platform' } as const;

/** The numbers of rate limits by their names; what is written are settings like all others. */
@Injectable()
export class RateLimitsService {
  constructor(
    private readonly rateLimits: RateLimits,
    private readonly settings: SettingsService,
  ) {}

  /** What holds for the caller's tenant, in this process and now. */
  list({ tenantId }: Context) {
    const limits = RATE_NAMES.map((limit) => ({
      ...factsOf(limit),
      perMinute: this.rateLimits.perMinuteOf(
        OF_NO_TENANT.includes(limit) ? { limit } : { limit, tenantId },
      ),
    }));
    return { profile: this.rateLimits.profile, limits };
  }

  async get(ctx: Context, limit: RateName) {
    return viewOf(limit, await this.settings.get(ctx, rateSettings[limit].key, OF_PLATFORM));
  }

  /** Throws what changing a setting throws. */
  async set(ctx: Context, limit: RateName, perMinute: number | null, change: Change) {
    const { version, signedIn, reason = null } = change;
    const { key } = rateSettings[limit];
    const asked = { key, asked: OF_PLATFORM, version, signedIn, reason };
    const view =
      perMinute === null
        ? await this.settings.unset(ctx, asked)
        : await this.settings.set(ctx, asked, perMinute);
    return viewOf(limit, view);
  }
}

/** They are counted before it is known whose request it is, or whoever's it is. */
const OF_NO_TENANT: readonly RateName[] = ['address', 'signIn', 'account'];

function factsOf(limit: RateName) {
  const { counts, perMinute } = rates[limit];
  return { limit, counts, setting: rateSettings[limit].key, default: perMinute };
}

function viewOf(limit: RateName, { value, source, version }: SettingView) {
  const isSet = source !== 'default';
  return { ...factsOf(limit), perMinute: value as number, isSet, version };
}
