/** Thrown by BoundedWork when even the queue is full. */
export class QueueFullError extends Error {}

/**
 * Runs at most `concurrency` pieces of work at once and lets at most `queueLimit` wait. Password
 * hashing takes threads of the pool that file and DNS work shares: unbounded, a flood of logins
 * stalls the whole process.
 */
export class BoundedWork {
  private active = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly concurrency: number,
    private readonly queueLimit: number,
  ) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.active < this.concurrency) this.active += 1;
    else await this.turn();
    try {
      return await work();
    } finally {
      // The place goes straight to the next one waiting, so that nobody can slip in between.
      const next = this.waiting.shift();
      if (next) next();
      else this.active -= 1;
    }
  }

  private turn(): Promise<void> {
    if (this.waiting.length >= this.queueLimit) throw new QueueFullError('the queue is full');
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
