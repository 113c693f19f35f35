import { frontLimits } from './front-limits.js';
import type { Route } from './route.js';
import type { Upstream } from './upstream.js';

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

export interface FailedAttempt {
  readonly route: Route;
  readonly failed: Upstream;
  /** The request was handed to a connection: the instance may have executed it. */
  readonly isSent: boolean;
  readonly hasBodyStarted: boolean;
  /** Something came back, so that it has been executed for certain, or half. */
  readonly hasAnswerBegun: boolean;
}

export interface NextAttempt {
  readonly upstream: Upstream;
  readonly fresh: boolean;
}

/**
 * Whether and where a failed request is tried again; one per request.
 *
 * Never sent: any method, on another instance first. Sent without a byte of an answer: idempotent
 * methods whose body has not started, once on a new connection (a server that closes an idle one
 * crosses with our request), then on another instance. POST and PATCH are never sent twice: that a
 * reset connection "was not processed" is not true. An instance that left the table gets nothing.
 */
export class RetryPolicy {
  private neverSent = 0;
  private sent = 0;

  constructor(private readonly method: string) {}

  next(attempt: FailedAttempt): NextAttempt | undefined {
    const { route, failed, isSent, hasBodyStarted, hasAnswerBegun } = attempt;
    if (hasAnswerBegun) return undefined;
    const same = route.has(failed) ? failed : undefined;
    if (!isSent) {
      this.neverSent += 1;
      if (this.neverSent > frontLimits.neverSentRetries) return undefined;
      return attemptAt(route.pick(failed) ?? same);
    }
    this.sent += 1;
    if (!IDEMPOTENT.has(this.method) || hasBodyStarted || this.sent > 2) return undefined;
    if (this.sent === 1 && same !== undefined) return { upstream: same, fresh: true };
    return attemptAt(route.pick(failed));
  }
}

function attemptAt(upstream: Upstream | undefined): NextAttempt | undefined {
  return upstream && { upstream, fresh: false };
}
