/** Waits that double from first to most, with jitter so that a fleet does not come back in step. */
export class Backoff {
  private failures = 0;

  constructor(
    private readonly firstMs: number,
    private readonly mostMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** Between half and all of the doubled wait. */
  nextMs(): number {
    const full = Math.min(this.mostMs, this.firstMs * 2 ** Math.min(this.failures, 20));
    this.failures += 1;
    return full * (0.5 + this.random() / 2);
  }

  reset(): void {
    this.failures = 0;
  }
}
