import type { ManualClock } from '../../src/kernel/clock.js';

interface Timer {
  readonly at: number;
  readonly then: () => void;
}

/** Timers on a clock that is moved by hand: what they were set for happens in its order, and at once. */
export class VirtualTimers {
  fired = 0;
  private readonly timers = new Set<Timer>();

  constructor(private readonly clock: ManualClock) {}

  /** Sets a timer; what it answers takes it back. */
  readonly wait = (ms: number, then: () => void): (() => void) => {
    const timer = { at: this.clock.monotonic() + ms, then };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  };

  run(ms: number): void {
    const until = this.clock.monotonic() + ms;
    for (let next = this.dueBy(until); next; next = this.dueBy(until)) this.fire(next);
    this.clock.advance(until - this.clock.monotonic());
  }

  /** The same, and lets promises settle after each timer. */
  async runSettled(ms: number): Promise<void> {
    const until = this.clock.monotonic() + ms;
    for (let next = this.dueBy(until); next; next = this.dueBy(until)) {
      this.fire(next);
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.clock.advance(until - this.clock.monotonic());
  }

  private dueBy(until: number): Timer | undefined {
    const due = [...this.timers].filter(({ at }) => at <= until);
    return due.sort((a, b) => a.at - b.at)[0];
  }

  private fire(timer: Timer): void {
    this.timers.delete(timer);
    this.clock.advance(Math.max(0, timer.at - this.clock.monotonic()));
    this.fired += 1;
    timer.then();
  }
}
