import { Redis } from 'ioredis';
import { limits } from '../../kernel/limits.js';
import { serviceUnavailable } from '../http/http.errors.js';
import { OutsidePort, silentObserver, type OutsideObserver } from '../outside/outside-port.js';
import { FURTHEST_MS, shareMs, verdictOf } from './gcra.js';
import { type Charge, RateLimiter, type Verdict } from './rate-limiter.js';

/** So long nobody asks a Redis that has not answered. */
const OPEN_MS = 1_000;

/**
 * All charges of a request at once, by the clock of Redis: processes whose own clocks differ count
 * alike. It answers how far ahead each budget was spent; gcra.ts says what follows, by the same rule as
 * here. Rounded before it is compared, so that both see the same numbers. A budget that is whole again
 * is a key that has expired.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local ahead, fits = {}, true
for i, key in ipairs(KEYS) do
  local spent = math.floor(((tonumber(redis.call('GET', key) or 0) - now) * 1000) + 0.5) / 1000
  ahead[i] = math.min(math.max(spent, 0), ${FURTHEST_MS})
  fits = fits and ahead[i] + ARGV[i] <= ${FURTHEST_MS}
end
if fits then
  for i, key in ipairs(KEYS) do
    local spent = ahead[i] + ARGV[i]
    redis.call('SET', key, string.format('%.3f', now + spent), 'PX', math.ceil(spent))
  end
end
for i, spent in ipairs(ahead) do ahead[i] = string.format('%.3f', spent) end
return ahead
`;

type WithTake = Redis & {
  take(keys: number, ...keysAndShares: (string | number)[]): Promise<string[]>;
};

interface Options {
  readonly url: string;
  /** Before each key, with a hash tag: one call has keys of one node of a Redis Cluster. */
  readonly prefix: string;
  readonly onError: (error: Error) => void;
  readonly observer?: OutsideObserver;
}

/** Counts for all processes together. Throws when Redis is away or slow. */
export class RedisLimiter extends RateLimiter {
  private readonly redis: WithTake;
  private readonly port: OutsidePort;

  constructor({ url, prefix, onError, observer = silentObserver }: Options) {
    super();
    const times = { deadlineMs: limits.rateLimiterMs, openMs: OPEN_MS };
    this.port = new OutsidePort({
      ...times,
      isAway: () => true,
      away: () => serviceUnavailable(),
      observer,
    });
    this.redis = new Redis(url, {
      keyPrefix: prefix,
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: limits.rateLimiterMs,
      enableAutoPipelining: true,
      retryStrategy: (times: number) => Math.min(times * 100, 1_500),
    }) as WithTake;
    this.redis.on('error', onError);
    // Sent whole once, later by its digest.
    this.redis.defineCommand('take', { lua: TAKE });
  }

  async take(charges: readonly Charge[]): Promise<Verdict> {
    const keys = charges.map(({ key }) => key);
    const shares = charges.map(shareMs);
    const ahead = await this.port.call(() => this.redis.take(keys.length, ...keys, ...shares));
    return verdictOf(charges, ahead.map(Number));
  }

  override open(): void {
    // What goes wrong is heard by the listener for errors; it tries again by itself.
    this.redis.connect().catch(() => undefined);
  }

  override close(): void {
    this.redis.disconnect();
  }
}
