/** What the engine counts; the process hands in the real counters. */
export interface EngineMetrics {
  /** A write of an action was refused because the lease had been lost. */
  fenced(): void;
  polled(poller: string, count: number): void;
}
