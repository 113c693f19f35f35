/** Which run to look at. Carries ids only: everything else is read from PostgreSQL. */
export interface Hint {
  readonly kind: string;
  readonly tenantId: string;
  readonly id: string;
}

export type RunHandler = (hint: Hint, isUrgent: boolean) => Promise<void>;

export interface WakeUpConcurrency {
  readonly normal: number;
  /** Besides those, and for urgent hints alone. */
  readonly urgent: number;
}

/**
 * "Look at run X now." A hint: losing every one of them costs at most one beat of the due loop, so
 * `now` never throws and never waits for long. All drivers pass the same conformance suite.
 */
export abstract class WakeUp {
  abstract now(hint: Hint): void;
  /** As `now`, for what a person waits for: taken however many other hints there are. */
  abstract urgently(hint: Hint): void;
  /** Starts to hand runs to the handler, at most so many at a time. */
  abstract start(handler: RunHandler, concurrency: WakeUpConcurrency): Promise<void>;
  /** Takes no more hints and waits for running handlers, at most `graceMs`. */
  abstract stop(graceMs: number): Promise<void>;
}
