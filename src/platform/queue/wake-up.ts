/** Which run to look at. Carries ids only: everything else is read from PostgreSQL. */
export interface RunKey {
  readonly tenantId: string;
  readonly id: string;
}

export type RunHandler = (key: RunKey) => Promise<void>;

/**
 * "Look at run X now." A hint: losing every one of them costs at most one beat of the due loop, so
 * `now` never throws and never waits for long. All drivers pass the same conformance suite.
 */
export abstract class WakeUp {
  abstract now(key: RunKey): void;
  /** Starts to hand runs to the handler, at most `concurrency` at a time. */
  abstract start(handler: RunHandler, options: { concurrency: number }): Promise<void>;
  /** Takes no more hints and waits for running handlers, at most `graceMs`. */
  abstract stop(graceMs: number): Promise<void>;
}
