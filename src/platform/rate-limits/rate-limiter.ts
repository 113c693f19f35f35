/** One budget that a request is counted against. */
export interface Charge {
  /** Whose and for what: two charges with one key share a budget. */
  readonly key: string;
  readonly perMinute: number;
  /** Guesses at passwords: stricter while processes cannot count together. */
  readonly isGuess?: boolean;
  /** Of somebody who asks all the time: what keeps well within it need not be counted together. */
  readonly isSpared?: boolean;
}

/** How a budget stands after a request. */
export interface Level {
  readonly limit: number;
  readonly remaining: number;
  /** Until all of it is there again. */
  readonly resetMs: number;
}

export interface Verdict {
  /** In the order of the charges. */
  readonly levels: readonly Level[];
  /** Null: the request was counted against all of them. Else against none. */
  readonly refusal: Refusal | null;
}

export interface Refusal {
  /** Which of the charges makes it wait longest. */
  readonly index: number;
  readonly waitMs: number;
}

/**
 * Counts requests. All charges of one request are one call that takes everything or nothing, whoever
 * else asks at the same moment.
 */
export abstract class RateLimiter {
  abstract take(charges: readonly Charge[]): Promise<Verdict>;

  /** Before the first request: connects to what is shared. */
  open(): void {
    // Nothing, where nothing is shared.
  }

  close(): void {
    // As above.
  }
}
