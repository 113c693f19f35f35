/**
 * The leases that this process holds: renewed together, in one statement, and given up by the
 * process's own monotonic clock when renewal fails. A worker that wakes up late from a long stop
 * therefore stops by itself; the fence catches it if it does not.
 */
import type { Clock } from '../kernel/clock.js';
import { messageOf } from '../kernel/errors.js';
import type { Lease } from './run.js';
import type { RunStore } from './run-store.js';

export const LEASE_MS = 4_000;
const RENEW_EVERY_MS = 1_250;
/** Those whose row was locked by a transaction: soon, for such a transaction is short. */
const BUSY_AGAIN_MS = 100;
/**
 * An action's own budget: what takes longer must be split or wait in the database. Only a handler
 * that says so has the whole time of its step.
 */
export const ACTION_BUDGET_MS = 20_000;

export interface EngineLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

interface HeldLease {
  readonly lease: Lease;
  readonly abort: AbortController;
  budgetUntil: number;
  validUntil: number;
}

export class LeaseKeeper {
  private readonly held = new Map<string, HeldLease>();
  private timer: NodeJS.Timeout | undefined;
  private soon: NodeJS.Timeout | undefined;
  private renewing = false;
  /** The time for all came while some were asked for. */
  private isDue = false;

  constructor(
    private readonly store: RunStore,
    readonly owner: string,
    private readonly clock: Clock,
    private readonly log: EngineLog,
  ) {}

  get count(): number {
    return this.held.size;
  }

  has(id: string): boolean {
    return this.held.has(id);
  }

  start(): void {
    this.timer ??= setInterval(() => void this.renewAll(), RENEW_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    clearTimeout(this.soon);
    this.timer = undefined;
  }

  /** Call with the monotonic time from BEFORE the lease was asked for. */
  hold(lease: Lease, askedAt: number): AbortSignal {
    const abort = new AbortController();
    const now = this.clock.monotonic();
    // A worker that stood still may take its own lost run again: the old action must not go on.
    this.held.get(lease.key.id)?.abort.abort(new Error('the lease was lost'));
    this.held.set(lease.key.id, {
      lease,
      abort,
      budgetUntil: now + ACTION_BUDGET_MS,
      validUntil: askedAt + LEASE_MS,
    });
    return abort.signal;
  }

  /** From now on the action has so much time, as long as its lease is renewed. */
  extend({ key, fence }: Lease, ms: number): void {
    const held = this.held.get(key.id);
    if (held?.lease.fence === fence) held.budgetUntil = this.clock.monotonic() + ms;
  }

  /** Of this lease only: the run may have been leased anew meanwhile, and that one goes on. */
  drop({ key, fence }: Lease): void {
    if (this.held.get(key.id)?.lease.fence === fence) this.held.delete(key.id);
  }

  private async renewAll(): Promise<void> {
    this.isDue = this.renewing;
    await this.renew([...this.held.values()]);
  }

  private async renew(asked: readonly HeldLease[]): Promise<void> {
    this.expire();
    if (this.renewing || asked.length === 0) return;
    this.renewing = true;
    const askedAt = this.clock.monotonic();
    let busy: HeldLease[] = [];
    try {
      const leases = asked.map(({ lease }) => lease);
      const told = await this.store.renew(this.owner, leases, LEASE_MS);
      busy = asked.filter(({ lease }) => told.busy.has(lease.key.id));
      for (const entry of asked) {
        if (told.renewed.has(entry.lease.key.id)) entry.validUntil = askedAt + LEASE_MS;
        else if (!busy.includes(entry)) entry.abort.abort(new Error('the lease was lost'));
      }
    } catch (error) {
      this.log.warn({ error: messageOf(error) }, 'leases could not be renewed');
    } finally {
      this.renewing = false;
      this.expire();
    }
    if (this.isDue) await this.renewAll();
    else this.againSoon(busy);
  }

  private againSoon(busy: readonly HeldLease[]): void {
    clearTimeout(this.soon);
    if (busy.length === 0 || this.timer === undefined) return;
    const stillHeld = () => busy.filter((entry) => this.held.get(entry.lease.key.id) === entry);
    this.soon = setTimeout(() => void this.renew(stillHeld()), BUSY_AGAIN_MS);
  }

  private expire(): void {
    const now = this.clock.monotonic();
    for (const { abort, validUntil, budgetUntil } of this.held.values()) {
      if (now >= validUntil) abort.abort(new Error('the lease ran out'));
      if (now >= budgetUntil) abort.abort(new Error('the action took too long'));
    }
  }
}
