/**
 * The engine of one worker process: takes runs by hint or because they are due, one lease each,
 * and lets the interpreter act on them.
 */
import type { Clock } from '../kernel/clock.js';
import { messageOf } from '../kernel/errors.js';
import type { EngineMetrics } from './engine.metrics.js';
import type { Interpreter } from './interpreter.js';
import { LEASE_MS, type EngineLog, type LeaseKeeper } from './lease-keeper.js';
import type { Lease, RunKey } from './run.js';
import { Fenced, type RunStore } from './run-store.js';

/** Actions at once in one process: they wait for PostgreSQL, not for the processor. */
const CONCURRENCY = 32;
const BEAT_MS = 250;
/** After an error of ours: soon, but not in a loop. */
const ERROR_DELAY_MS = 1_000;
const STOP_POLL_MS = 10;

/** Work that is due without needing a lease: folded in batches right in the due loop. */
export interface DuePoller {
  readonly name: string;
  /** Returns how many were polled; a full batch is asked again at once. */
  poll(): Promise<{ polled: number; more: boolean }>;
}

export interface EnginePorts {
  readonly store: RunStore;
  readonly interpreter: Interpreter;
  readonly leases: LeaseKeeper;
  readonly pollers: readonly DuePoller[];
  readonly clock: Clock;
  readonly log: EngineLog;
  readonly metrics: EngineMetrics;
}

export class Engine {
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;
  private beating: Promise<void> | undefined;
  private readonly acting = new Set<Promise<void>>();

  constructor(private readonly ports: EnginePorts) {}

  start(): void {
    this.ports.leases.start();
    this.schedule(0);
  }

  /** Takes nothing new and waits for running actions, at most `graceMs`; leases then expire. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    const until = this.ports.clock.monotonic() + graceMs;
    const pending = () => this.acting.size > 0 || this.beating !== undefined;
    while (pending() && this.ports.clock.monotonic() < until) {
      await new Promise((resolve) => setTimeout(resolve, STOP_POLL_MS));
    }
    this.ports.leases.stop();
  }

  /** A hint: look at this run now. Somebody else holding it is normal and not an error. */
  async look(key: RunKey): Promise<void> {
    const { leases, store, clock } = this.ports;
    if (this.stopping || leases.has(key.id)) return;
    const askedAt = clock.monotonic();
    const lease = await store.lease(key, leases.owner, LEASE_MS).catch((error: unknown) => {
      this.ports.log.warn({ error: messageOf(error) }, 'a run could not be leased');
      return null;
    });
    if (lease) await this.track(this.act(lease, askedAt));
  }

  private schedule(delayMs: number): void {
    if (this.stopping) return;
    this.timer = setTimeout(() => {
      this.beating = this.beat().finally(() => {
        this.beating = undefined;
        this.schedule(BEAT_MS);
      });
    }, delayMs);
  }

  /** One beat of the due loop: gates first (one batch), then what needs an action. */
  private async beat(): Promise<void> {
    const { pollers, store, leases, clock, log, metrics } = this.ports;
    try {
      for (const poller of pollers) {
        for (let more = true; more && !this.stopping;) {
          const result = await poller.poll();
          metrics.polled(poller.name, result.polled);
          more = result.more;
        }
      }
      const room = CONCURRENCY - leases.count;
      if (room <= 0 || this.stopping) return;
      const askedAt = clock.monotonic();
      const due = await store.claimDue(leases.owner, LEASE_MS, room);
      for (const lease of due) void this.track(this.act(lease, askedAt));
    } catch (error) {
      // The database may be away for a while: the next beat asks again.
      log.warn({ error: messageOf(error) }, 'the due loop could not look for work');
    }
  }

  private track(work: Promise<void>): Promise<void> {
    this.acting.add(work);
    return work.finally(() => this.acting.delete(work));
  }

  private async act(lease: Lease, askedAt: number): Promise<void> {
    const { interpreter, leases, log, metrics, store } = this.ports;
    const { id } = lease.key;
    const signal = leases.hold(lease, askedAt);
    try {
      await interpreter.act(lease, { signal });
    } catch (error) {
      // Losing a lease is normal: by the fence, or by this process's own clock, whichever is first.
      if (error instanceof Fenced || signal.aborted) metrics.fenced();
      else {
        log.error({ run: id, error: messageOf(error), stack: stackOf(error) }, 'an action failed');
      }
      // Fenced by the statement itself: whoever holds the run now does not notice.
      await store.release(lease, ERROR_DELAY_MS).catch(() => undefined);
    } finally {
      leases.drop(lease);
    }
  }
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
