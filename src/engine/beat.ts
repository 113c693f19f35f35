/**
 * Does something again and again, each time a while after it has ended: never twice at once, and
 * never late because something else of the process takes long.
 */
export class Beat {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isStopped = false;

  /** `work` must not throw. */
  constructor(
    private readonly work: () => Promise<void>,
    private readonly everyMs: number,
  ) {}

  get isBusy(): boolean {
    return this.running !== undefined;
  }

  start(): void {
    this.schedule(0);
  }

  /** Begins nothing new; what runs goes on. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private schedule(delayMs: number): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.running = this.work().finally(() => {
        this.running = undefined;
        this.schedule(this.everyMs);
      });
    }, delayMs);
  }
}
