import { setTimeout as delay } from 'node:timers/promises';
import type { Hint } from '../../platform/queue/wake-up.js';

/** Taking hints only to drop them would keep the process busy for seconds after a flood. */
const DROP_AFTER_MS = 50;

/**
 * A tenant that gives thousands of hints would be all that a process looks at. What is beyond a
 * tenant's share is dropped, not put back: whoever gives a hint has made the run due before, and the
 * due loop, which is fair, takes it within a beat. It is dropped slowly, which leaves the processor to
 * those who act; the hints of others come before it, as the newest come first.
 */
export class HintShare {
  private readonly looking = new Map<string, number>();

  constructor(
    private readonly perTenant: number,
    private readonly look: (hint: Hint) => Promise<void>,
    private readonly pause = (ms: number): Promise<unknown> => delay(ms),
  ) {}

  async take(hint: Hint): Promise<void> {
    const { tenantId } = hint;
    const others = this.looking.get(tenantId) ?? 0;
    if (others >= this.perTenant) {
      await this.pause(DROP_AFTER_MS);
      return;
    }
    this.looking.set(tenantId, others + 1);
    try {
      await this.look(hint);
    } finally {
      const left = this.looking.get(tenantId)! - 1;
      if (left > 0) this.looking.set(tenantId, left);
      else this.looking.delete(tenantId);
    }
  }
}
