import type { Clock } from '../../kernel/clock.js';

const ROUND_MS = 1000;
/** As long as something is under way, or can end without anybody being told. */
const QUICK_MS = 250;

export interface Watched {
  look(): void;
  /** As of its last look: nothing is under way, and whoever ends is heard of. */
  readonly isCalm: boolean;
}

/** Calls back once, and can be told not to. */
export type Wait = (ms: number, then: () => void) => () => void;

/**
 * The one timer that all modules of a node share. Each is looked at once a second, all in one go: to
 * wake up costs a process more than most looks. What is not calm is looked at in between as well.
 */
export class Rounds {
  private readonly watched = new Set<Watched>();
  private roundAt: number;
  private nextAt = Infinity;
  private cancel: () => void = () => undefined;
  private isStopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly wait: Wait = waitForTimer,
  ) {
    this.roundAt = clock.monotonic() + ROUND_MS;
  }

  /** Looks at it at once, and from then on. */
  add(one: Watched): void {
    this.watched.add(one);
    one.look();
    this.plan();
  }

  remove(one: Watched): void {
    this.watched.delete(one);
  }

  /** Something may not be calm any more. */
  hurry(): void {
    this.plan();
  }

  stop(): void {
    this.isStopped = true;
    this.cancel();
  }

  private turn(): void {
    const now = this.clock.monotonic();
    const isRound = now >= this.roundAt;
    // Of a machine that slept a round is left out, not made up for.
    if (isRound) this.roundAt = Math.max(this.roundAt + ROUND_MS, now + ROUND_MS / 2);
    this.nextAt = Infinity;
    try {
      for (const one of this.watched) if (isRound || !one.isCalm) one.look();
    } finally {
      this.plan();
    }
  }

  private plan(): void {
    if (this.isStopped || this.watched.size === 0) return;
    const now = this.clock.monotonic();
    const isCalm = [...this.watched].every((one) => one.isCalm);
    const at = isCalm ? this.roundAt : Math.min(this.roundAt, now + QUICK_MS);
    if (at >= this.nextAt) return;
    this.cancel();
    this.nextAt = at;
    this.cancel = this.wait(Math.max(0, at - now), () => this.turn());
  }
}

function waitForTimer(ms: number, then: () => void): () => void {
  const timer = setTimeout(then, ms);
  return () => clearTimeout(timer);
}
