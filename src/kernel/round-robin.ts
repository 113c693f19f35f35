import type { Clock } from './clock.js';

/** Who asked so recently is expected again: its share is kept free for it. */
const RECENT_MS = 1_000;
/** Thousands of keys are not gone through at each turn. */
const FORGET_EVERY_MS = 100;

export interface Patience {
  readonly ms: number;
  /** What is thrown to who has waited for so long. */
  readonly over: () => Error;
}

/**
 * So much work at once, shared between keys: they take turns, and none has more than its share of it
 * under way while others are about. Who is alone has all of it.
 */
export class RoundRobin {
  private readonly waiting = new Map<string, (() => void)[]>();
  private readonly working = new Map<string, number>();
  private readonly askedAt = new Map<string, number>();
  private count = 0;
  private forgotAt = 0;

  constructor(
    private readonly atOnce: number,
    private readonly clock: Pick<Clock, 'monotonic'>,
  ) {}

  async run<T>(key: string, work: () => Promise<T>, patience?: Patience): Promise<T> {
    await this.enter(key, patience);
    try {
      return await work();
    } finally {
      this.leave(key);
    }
  }

  private async enter(key: string, patience?: Patience): Promise<void> {
    this.askedAt.set(key, this.clock.monotonic());
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((begin, refuse) => {
      const line = this.waiting.get(key) ?? [];
      line.push(begin);
      this.waiting.set(key, line);
      if (patience) {
        timer = setTimeout(() => {
          if (this.withdraw(key, begin)) refuse(patience.over());
        }, patience.ms);
      }
      this.beginNext();
    }).finally(() => clearTimeout(timer));
  }

  private withdraw(key: string, begin: () => void): boolean {
    const line = this.waiting.get(key) ?? [];
    const at = line.indexOf(begin);
    if (at < 0) return false;
    line.splice(at, 1);
    if (line.length === 0) this.waiting.delete(key);
    return true;
  }

  private leave(key: string): void {
    this.count -= 1;
    const left = this.working.get(key)! - 1;
    if (left > 0) this.working.set(key, left);
    else this.working.delete(key);
    this.beginNext();
  }

  private beginNext(): void {
    const share = this.share();
    for (const [key, line] of this.waiting) {
      if (this.count >= this.atOnce) return;
      const own = this.working.get(key) ?? 0;
      if (own >= share) continue;
      const begin = line.shift()!;
      // To the end: the others have their turn first.
      this.waiting.delete(key);
      if (line.length > 0) this.waiting.set(key, line);
      this.working.set(key, own + 1);
      this.count += 1;
      begin();
    }
  }

  /** As if there were one more: whoever comes next finds a place, and waits for no crowd's work. */
  private share(): number {
    this.forget();
    const keys = this.askedAt.size;
    return keys > 1 ? Math.max(1, Math.floor(this.atOnce / (keys + 1))) : this.atOnce;
  }

  private forget(): void {
    const now = this.clock.monotonic();
    if (now - this.forgotAt < FORGET_EVERY_MS) return;
    this.forgotAt = now;
    const since = now - RECENT_MS;
    for (const [key, at] of this.askedAt) {
      if (at < since && !this.working.has(key) && !this.waiting.has(key)) this.askedAt.delete(key);
    }
  }
}
