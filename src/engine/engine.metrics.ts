/** What the engine counts; the process hands in the real counters. */
export interface EngineMetrics {
  /** A run was stopped because acting on it failed again and again. */
  poisoned(): void;
  /** A write of an action was refused because the lease had been lost. */
  fenced(): void;
  polled(poller: string, count: number): void;
}
