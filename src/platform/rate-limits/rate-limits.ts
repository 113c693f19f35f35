import type { OnModuleDestroy } from '@nestjs/common';
import { BoundedMap } from '../../kernel/bounded-map.js';
import type { Clock } from '../../kernel/clock.js';
import { limits } from '../../kernel/limits.js';
import type { Level, RateLimiter } from './rate-limiter.js';
import { rateLimited } from './rate-limits.errors.js';
import type { RateLimitMetrics } from './rate-limits.metrics.js';
import { DEVELOPMENT_TIMES, type RateName, type RateProfile } from './rates.js';

/** One limit that somebody's request falls under. */
export interface Counted {
  readonly limit: RateName;
  /** Whose. */
  readonly of: string;
  /** Whose tier multiplies it; without one it is nobody's tenant. */
  readonly tenantId?: string;
  /** Of a key that was made for fewer than others. */
  readonly perMinute?: number | null;
}

export interface Asked {
  /** The one of the limits that is closest to its end. Undefined: none applies. */
  readonly tightest: Level | undefined;
  /** What to answer; null: go on. */
  readonly refusal: Error | null;
}

interface Refused {
  readonly until: number;
  readonly asked: Asked;
}

interface Parts {
  readonly limiter: RateLimiter;
  /** As it is set now. */
  readonly numberOf: (limit: RateName) => number;
  readonly profile: RateProfile;
  readonly metrics: RateLimitMetrics;
  readonly clock: Clock;
}

/** A refusal is remembered here for so long: a flood costs nobody else anything, and a raised limit is seen soon. */
const REMEMBERED_MS = 1_000;

/** How many requests there may be, whoever sends them. Numbers are settings; tiers multiply them. */
export class RateLimits implements OnModuleDestroy {
  private readonly limiter: RateLimiter;
  private readonly numberOf: (limit: RateName) => number;
  readonly profile: RateProfile;
  private readonly clock: Clock;
  private readonly metrics: RateLimitMetrics;
  private readonly refused = new BoundedMap<string, Refused>(limits.rateRefusals);
  private timesOf: (tenantId: string) => number = () => 1;

  constructor({ limiter, numberOf, profile, metrics, clock }: Parts) {
    this.limiter = limiter;
    this.numberOf = numberOf;
    this.profile = profile;
    this.clock = clock;
    this.metrics = metrics;
  }

  /** Where requests are answered; nobody else needs what is shared. */
  open(): void {
    this.limiter.open();
  }

  /** How many times the usual a tenant may, by its tier. Asked at each request: from memory. */
  multiplyBy(timesOf: (tenantId: string) => number): void {
    this.timesOf = timesOf;
  }

  /** Counts a request against all of them, or against none. */
  async ask(counted: readonly Counted[]): Promise<Asked> {
    const known = this.knownRefusal(counted);
    if (known) return known;
    const charges = counted.map((each) => ({
      key: keyOf(each),
      perMinute: this.perMinuteOf(each),
      isGuess: each.limit === 'account' || each.limit === 'signIn',
      isSpared: each.limit === 'node',
    }));
    const { levels, refusal } = await this.limiter.take(charges);
    if (refusal === null) return { tightest: tightestOf(levels), refusal: null };
    return this.refuse(counted[refusal.index]!, levels[refusal.index]!, refusal.waitMs);
  }

  /** Throws `rate-limited`. */
  async take(counted: readonly Counted[]): Promise<void> {
    const { refusal } = await this.ask(counted);
    if (refusal) throw refusal;
  }

  /** What was refused a moment ago, without asking anybody. */
  knownRefusal(counted: readonly Counted[]): Asked | null {
    const now = this.clock.monotonic();
    for (const each of counted) {
      const refused = this.refused.get(keyOf(each));
      if (refused === undefined) continue;
      if (refused.until > now) {
        this.metrics.refused(each.limit, true);
        return refused.asked;
      }
      this.refused.delete(keyOf(each));
    }
    return null;
  }

  onModuleDestroy(): void {
    this.limiter.close();
  }

  private refuse(counted: Counted, level: Level, waitMs: number): Asked {
    const isEnforced = this.profile !== 'report-only';
    this.metrics.refused(counted.limit, isEnforced);
    if (!isEnforced) return { tightest: level, refusal: null };
    const refusal = rateLimited(counted.limit, level.limit, waitMs / 1000);
    const asked = { tightest: level, refusal };
    const until = this.clock.monotonic() + Math.min(waitMs, REMEMBERED_MS);
    this.refused.set(keyOf(counted), { until, asked });
    return asked;
  }

  /** How much it is for somebody of the tenant, or for anybody. */
  perMinuteOf({ limit, tenantId, perMinute = null }: Omit<Counted, 'of'>): number {
    const byTier = tenantId === undefined ? 1 : this.timesOf(tenantId);
    const byProfile = this.profile === 'development' ? DEVELOPMENT_TIMES : 1;
    const usual = this.numberOf(limit) * byTier;
    return Math.max(1, Math.floor(Math.min(perMinute ?? usual, usual) * byProfile));
  }
}

function keyOf({ limit, of }: Counted): string {
  return `${limit}:${of}`;
}

/** Of which the fewest are left: by shares a wide limit would seem nearer than the one that is met first. */
function tightestOf(levels: readonly Level[]): Level | undefined {
  return levels.reduce<Level | undefined>(
    (least, each) => (least === undefined || each.remaining < least.remaining ? each : least),
    undefined,
  );
}
