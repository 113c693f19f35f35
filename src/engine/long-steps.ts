/**
 * Steps that may take minutes. So many at once in one process, and they do not count as what the
 * due loop acts on: what is due finds a place however many artifacts are being read.
 */
import type { LoadedRun } from './run.js';
import type { Sleep } from './run-store.js';

/** They share the disk and the processor: more at once would only make each slower. */
const LONG_AT_ONCE = 16;
/** Whoever has none under way may still begin one, until there are so many. */
const MOST_AT_ONCE = 32;
/** Most are over long before: they are not counted. */
const LONG_MS = 1_000;
const BUSY_AGAIN_MS = 5_000;

export class LongSteps {
  private readonly byTenant = new Map<string, number>();
  private total = 0;

  /** Those that have been under way for a second. */
  get count(): number {
    return this.total;
  }

  /** `busy`: too many are under way, it has not begun. */
  async run<T>(tenantId: string, work: () => Promise<T>): Promise<T | 'busy'> {
    if (this.isFull(tenantId)) return 'busy';
    let isLong = false;
    const timer = setTimeout(() => {
      isLong = true;
      this.add(tenantId, 1);
    }, LONG_MS);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
      if (isLong) this.add(tenantId, -1);
    }
  }

  private isFull(tenantId: string): boolean {
    const most = this.byTenant.has(tenantId) ? LONG_AT_ONCE : MOST_AT_ONCE;
    return this.total >= most;
  }

  private add(tenantId: string, change: 1 | -1): void {
    const own = (this.byTenant.get(tenantId) ?? 0) + change;
    if (own > 0) this.byTenant.set(tenantId, own);
    else this.byTenant.delete(tenantId);
    this.total += change;
  }
}

/** The run sleeps without a trace in the journal: no time of its step is used up. */
export function sleepWhileBusy({ journal, now }: LoadedRun): Sleep {
  const until = now + BUSY_AGAIN_MS;
  return {
    until,
    pollsGate: false,
    waitingOn: {
      kind: 'retry',
      since: journal.lastAt ?? now,
      until,
      who: 'the engine',
      verb: null,
      detail: `the worker is busy with ${LONG_AT_ONCE} or more long checks; it asks again every ${BUSY_AGAIN_MS / 1000} s`,
    },
  };
}
