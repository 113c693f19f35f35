import type { Clock } from '../../kernel/clock.js';
import { messageOf } from '../../kernel/errors.js';
import type { Config } from '../config/config.js';
import type { Logger } from '../logging/logger.js';
import type { Metrics } from '../metrics/metrics.js';
import { OutsideMetrics } from '../outside/outside.metrics.js';
import { REDIS_PREFIX } from '../redis-prefix.js';
import { FallbackLimiter } from './fallback-limiter.js';
import { MemoryLimiter } from './memory-limiter.js';
import type { RateLimiter } from './rate-limiter.js';
import { rateLimitMetrics, type RateLimitMetrics } from './rate-limits.metrics.js';
import { rateSettings } from './rate-limits.settings.js';
import type { RateName } from './rates.js';
import type { Settings } from '../settings/settings.js';
import { RateLimits } from './rate-limits.js';
import { SparingLimiter } from './sparing-limiter.js';
import { RedisLimiter } from './redis-limiter.js';

interface Parts {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Of one process; connects to nothing before `open()`. */
export function makeRateLimits(parts: Parts, settings: Settings): RateLimits {
  const { config, clock } = parts;
  const metrics = rateLimitMetrics(parts.metrics);
  const limiter = limiterOf(parts, metrics);
  const numberOf = (limit: RateName) => settings.valueOf(rateSettings[limit]);
  return new RateLimits({ limiter, numberOf, profile: config.rateLimitProfile, metrics, clock });
}

function limiterOf(
  { config, clock, logger, metrics }: Parts,
  counts: RateLimitMetrics,
): RateLimiter {
  const { url } = config.redis;
  if (url === null) return new MemoryLimiter(clock);
  const log = logger.child({ part: 'rate-limits' });
  const shared = new RedisLimiter({
    url,
    prefix: `{${REDIS_PREFIX}}:rates:`,
    onError: (error) => log.warn({ error: messageOf(error) }, 'the connection to Redis was lost'),
    observer: OutsideMetrics.of(metrics).observer('rate-limits'),
  });
  const together = new FallbackLimiter(shared, clock, () => counts.countedAlone());
  return new SparingLimiter(together, clock);
}
