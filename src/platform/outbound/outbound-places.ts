import { limits } from '../../kernel/limits.js';
import { outboundBusy } from './outbound.errors.js';

export interface PlaceLimits {
  readonly perKey: number;
  readonly waitingPerKey: number;
  readonly perProcess: number;
}

const usual: PlaceLimits = {
  perKey: limits.outboundPerKey,
  waitingPerKey: limits.outboundWaitingPerKey,
  perProcess: limits.outboundPerProcess,
};

interface Waiting {
  readonly key: string;
  readonly enter: () => void;
}

/** So many calls at once for each key: one that calls somebody slow holds up itself alone. */
export class OutboundPlaces {
  private readonly taken = new Map<string, number>();
  private readonly waiting = new Set<Waiting>();
  private all = 0;

  constructor(private readonly most: PlaceLimits = usual) {}

  /** Runs the work when there is a place. Throws `outbound-busy` when there is none in time. */
  async during<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.enter(key, signal);
    try {
      return await work();
    } finally {
      this.leave(key);
    }
  }

  private async enter(key: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw outboundBusy();
    if (this.hasRoom(key)) return this.take(key);
    const inLine = [...this.waiting].filter((one) => one.key === key).length;
    if (inLine >= this.most.waitingPerKey) throw outboundBusy();
    await new Promise<void>((resolve, reject) => {
      const giveUp = () => {
        this.waiting.delete(waiting);
        reject(outboundBusy());
      };
      const enter = () => {
        signal.removeEventListener('abort', giveUp);
        this.waiting.delete(waiting);
        this.take(key);
        resolve();
      };
      const waiting: Waiting = { key, enter };
      this.waiting.add(waiting);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  private take(key: string): void {
    this.taken.set(key, (this.taken.get(key) ?? 0) + 1);
    this.all += 1;
  }

  /** The first in line for whom there is room: not the first of all, who may wait for its own calls. */
  private leave(key: string): void {
    const left = (this.taken.get(key) ?? 1) - 1;
    if (left > 0) this.taken.set(key, left);
    else this.taken.delete(key);
    this.all -= 1;
    for (const waiting of this.waiting) {
      if (!this.hasRoom(waiting.key)) continue;
      waiting.enter();
      return;
    }
  }

  private hasRoom(key: string): boolean {
    return this.all < this.most.perProcess && (this.taken.get(key) ?? 0) < this.most.perKey;
  }
}
