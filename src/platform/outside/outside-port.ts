/**
 * A door to something outside PostgreSQL: a deadline for each call, and a circuit breaker, so that
 * what does not answer costs a moment and not a place for each caller. What it refuses may be tried
 * again; it says so at once.
 */
import {
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
  isBrokenCircuitError,
  TaskCancelledError,
  timeout,
  TimeoutStrategy,
  type CircuitBreakerPolicy,
} from 'cockatiel';
import type { DomainError } from '../../kernel/errors.js';

/** Fewer may be bad luck; after so many in a row the next caller would only wait, too. */
const FAILURES = 5;

export interface OutsideObserver {
  failed(): void;
  /** Not even tried, because the circuit is open. */
  refused(): void;
  changed(isOpen: boolean): void;
}

const nothing = () => undefined;
/** For those that nobody looks at. */
export const silentObserver: OutsideObserver = {
  failed: nothing,
  refused: nothing,
  changed: nothing,
};

export interface OutsidePortOptions {
  readonly deadlineMs: number;
  /** After this one call may try again. */
  readonly openMs: number;
  /** Is the other side to blame? A missing object is an answer, not an outage. */
  readonly isAway: (error: unknown) => boolean;
  /** What the caller is told instead of waiting. */
  readonly away: (cause: unknown) => DomainError;
  readonly observer: OutsideObserver;
}

export class OutsidePort {
  private readonly breaker: CircuitBreakerPolicy;

  constructor(private readonly options: OutsidePortOptions) {
    const { openMs, isAway, observer } = options;
    this.breaker = circuitBreaker(
      handleWhen((error) => isLate(error) || isAway(error)),
      { halfOpenAfter: openMs, breaker: new ConsecutiveBreaker(FAILURES) },
    );
    this.breaker.onFailure(({ handled }) => {
      if (handled) observer.failed();
    });
    this.breaker.onStateChange((state) => {
      if (state !== CircuitState.HalfOpen) observer.changed(state === CircuitState.Open);
    });
  }

  /**
   * The work goes on alone when it is late: it must be harmless to repeat. `deadlineMs` is null for
   * what depends on how fast somebody else sends or reads.
   */
  async call<T>(
    work: () => Promise<T>,
    deadlineMs: number | null = this.options.deadlineMs,
  ): Promise<T> {
    const { away, observer } = this.options;
    try {
      return await this.breaker.execute(() =>
        deadlineMs === null
          ? work()
          : timeout(deadlineMs, TimeoutStrategy.Aggressive).execute(work),
      );
    } catch (error) {
      if (isBrokenCircuitError(error)) observer.refused();
      else if (!isLate(error)) throw error;
      throw away(error);
    }
  }
}

/** The library's own isTaskCancelledError looks for another error's mark. */
function isLate(error: unknown): boolean {
  return error instanceof TaskCancelledError;
}
