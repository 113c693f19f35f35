/** What was asked since it was written down last, in this process. No clock, no database. */
import type { Place } from './request-place.js';

export interface UsageKey extends Place {
  readonly tenantId: string;
  /** In UTC: `2026-11-30`. */
  readonly day: string;
}

export interface Amounts {
  readonly requests: number;
  /** Answers from 400 up. */
  readonly failures: number;
  readonly sentBytes: number;
  readonly busyMs: number;
}

export type UsageSum = UsageKey & Amounts;

/** So many sums are kept apart; what comes beyond is kept by tenant and day. */
const SUMS = 10_000;

export class UsageTally {
  private sums = new Map<string, UsageSum>();

  add(added: UsageSum): void {
    const { tenantId, day, module, environment } = added;
    const key = `${tenantId} ${day} ${module} ${environment}`;
    const before = this.sums.get(key);
    if (before === undefined && this.sums.size >= SUMS && module + environment !== '') {
      this.add({ ...added, module: '', environment: '' });
      return;
    }
    this.sums.set(key, before ? sumOf(before, added) : added);
  }

  /** All of it, in one order for everybody, and nothing is left. */
  take(): UsageSum[] {
    const taken = [...this.sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum);
    this.sums = new Map();
    return taken;
  }
}

function sumOf(before: UsageSum, added: UsageSum): UsageSum {
  return {
    ...before,
    requests: before.requests + added.requests,
    failures: before.failures + added.failures,
    sentBytes: before.sentBytes + added.sentBytes,
    busyMs: before.busyMs + added.busyMs,
  };
}
