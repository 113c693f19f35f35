// Loaded before an API process (`--import`): takes its rate limiter out, or lets it count by itself.
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const { BENCH_BUILT: folder, BENCH_LIMITER: kind } = process.env;
const load = (file) => import(pathToFileURL(join(folder, 'platform/rate-limits', file)).href);

if (kind === 'none') {
  const { RateLimits } = await load('rate-limits.js');
  RateLimits.prototype.ask = () => Promise.resolve({ tightest: undefined, refusal: null });
  RateLimits.prototype.knownRefusal = () => null;
}
if (kind === 'local') {
  const { FallbackLimiter } = await load('fallback-limiter.js');
  FallbackLimiter.prototype.take = function (charges) {
    return this.local.take(charges);
  };
}
