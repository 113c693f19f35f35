import type { RunHandler, RunKey } from '../../platform/queue/wake-up.js';

/**
 * Hints come first in, first out, so a tenant that gives thousands of them would be all that a
 * process looks at. What is beyond a tenant's share is dropped, not put back: whoever gives a hint
 * has made the run due before, and the due loop, which is fair, takes it within a beat. Dropping
 * costs nothing, so the hints of others are reached as soon as they are behind no others that act.
 */
export class HintShare {
  private readonly looking = new Map<string, number>();

  constructor(
    private readonly perTenant: number,
    private readonly look: RunHandler,
  ) {}

  async take(key: RunKey): Promise<void> {
    const { tenantId } = key;
    const others = this.looking.get(tenantId) ?? 0;
    if (others >= this.perTenant) return;
    this.looking.set(tenantId, others + 1);
    try {
      await this.look(key);
    } finally {
      const left = this.looking.get(tenantId)! - 1;
      if (left > 0) this.looking.set(tenantId, left);
      else this.looking.delete(tenantId);
    }
  }
}
