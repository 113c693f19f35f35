/**
 * The engine of one worker process: takes runs by hint or because they are due, one lease each,
 * and lets the interpreter act on them.
 */
import type { Clock } from '../kernel/clock.js';
import { messageOf } from '../kernel/errors.js';
import { Beat } from './beat.js';
import type { EngineMetrics } from './engine.metrics.js';
import type { Interpreter } from './interpreter.js';
import { LEASE_MS, type EngineLog, type LeaseKeeper } from './lease-keeper.js';
import { type Lease, loggedRun, type RunKey } from './run.js';
import {
  failureDelayMs,
  poisonReason,
  stopForPerson,
  tryAgain,
  type PoisonPorts,
} from './poison.js';
import { limits } from '../kernel/limits.js';
import { Fenced, type RunStore } from './run-store.js';
import { AWAY_AGAIN_MS } from './step-outcome.js';

/**
 * Actions at once in one process: they wait for PostgreSQL, not for the processor. Long steps are
 * not among them.
 */
const CONCURRENCY = 32;
const BEAT_MS = 250;
/** When there is much to poll, PostgreSQL reads for one batch while this process folds the other. */
const POLLS_AT_ONCE = 2;
const STOP_POLL_MS = 10;

/** Work that is due without needing a lease: folded in batches right in the due loop. */
export interface DuePoller {
  readonly name: string;
  /** Returns how many were polled; after a full batch it is asked again, twice at the same time. */
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
  /** As the interpreter's. */
  readonly kinds: PoisonPorts['kinds'];
}

export class Engine {
  private stopping = false;
  /** One for what needs an action, one for each poller: ten thousand gates delay no action. */
  private beats: readonly Beat[] = [];
  private readonly acting = new Set<Promise<void>>();

  constructor(private readonly ports: EnginePorts) {}

  start(): void {
    this.ports.leases.start();
    const polls = this.ports.pollers.map((poller) => new Beat(() => this.poll(poller), BEAT_MS));
    this.beats = [new Beat(() => this.claim(), BEAT_MS), ...polls];
    for (const beat of this.beats) beat.start();
  }

  /** Takes nothing new and waits for running actions, at most `graceMs`; leases then expire. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    for (const beat of this.beats) beat.stop();
    const until = this.ports.clock.monotonic() + graceMs;
    const pending = () => this.acting.size > 0 || this.beats.some(({ isBusy }) => isBusy);
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
      const fields = { ...loggedRun(key), error: messageOf(error) };
      this.ports.log.warn(fields, 'a run could not be leased');
      return null;
    });
    if (lease) await this.track(this.act(lease, askedAt));
  }

  /** What needs an action: as much as there is room for. */
  private async claim(): Promise<void> {
    const { store, leases, clock, interpreter } = this.ports;
    try {
      const room = CONCURRENCY - (leases.count - interpreter.longSteps.count);
      if (room <= 0 || this.stopping) return;
      const askedAt = clock.monotonic();
      const due = await store.claimDue(leases.owner, LEASE_MS, room);
      for (const lease of due) void this.track(this.act(lease, askedAt));
    } catch (error) {
      this.missed(error);
    }
  }

  private async poll(poller: DuePoller): Promise<void> {
    try {
      for (let atOnce = 1; atOnce > 0 && !this.stopping;) {
        const polls = Array.from({ length: atOnce }, () => this.pollOnce(poller));
        // None is left behind, also when another one fails.
        await Promise.allSettled(polls);
        const areFull = await Promise.all(polls);
        atOnce = areFull.every((isFull) => isFull) ? POLLS_AT_ONCE : 0;
      }
    } catch (error) {
      this.missed(error);
    }
  }

  private async pollOnce(poller: DuePoller): Promise<boolean> {
    const { polled, more } = await poller.poll();
    this.ports.metrics.polled(poller.name, polled);
    return more;
  }

  /** The database may be away for a while: the next beat asks again. */
  private missed(error: unknown): void {
    this.ports.log.warn({ error: messageOf(error) }, 'the due loop could not look for work');
  }

  private track(work: Promise<void>): Promise<void> {
    this.acting.add(work);
    return work.finally(() => this.acting.delete(work));
  }

  private async act(lease: Lease, askedAt: number): Promise<void> {
    const { interpreter, leases } = this.ports;
    const abort = leases.hold(lease, askedAt);
    try {
      // Before anything is done: the worker before may have died of it.
      if (lease.failures >= limits.runFailures) await this.poisoned(lease, DIED);
      else {
        const extend = (ms: number) => leases.extend(lease, ms);
        await interpreter.act(lease, { abort, extend });
      }
    } catch (error) {
      // What cannot be written down now is seen by whoever takes the run when the lease has run out.
      await this.failed(lease, error, abort).catch(() => undefined);
    } finally {
      leases.drop(lease);
    }
  }

  private async failed(lease: Lease, error: unknown, abort: AbortSignal): Promise<void> {
    const { log, metrics, store } = this.ports;
    const failures = lease.failures + 1;
    const isLost = error instanceof Fenced;
    const isAway = (error as { kind?: unknown }).kind === 'unavailable';
    // Losing a lease is normal: by the fence, or by this process's own clock, whichever is first.
    if (isLost || abort.aborted) metrics.fenced();
    else {
      const fields = { ...loggedRun(lease.key), failures, error: messageOf(error) };
      if (isAway) log.warn(fields, 'an action waits for the database');
      else log.error({ ...fields, stack: stackOf(error) }, 'an action failed');
    }
    if (isAway) return store.release(lease, tryAgain(AWAY_AGAIN_MS, messageOf(error), 'kept'));
    // Fenced by the statement itself: whoever holds the run now does not notice.
    if (isLost || failures < limits.runFailures) {
      await store.release(lease, tryAgain(failureDelayMs(failures), messageOf(error)));
    } else await this.poisoned({ ...lease, failures }, messageOf(error));
  }

  private async poisoned(lease: Lease, problem: string): Promise<void> {
    const { log, metrics } = this.ports;
    const reason = poisonReason(lease, problem);
    await stopForPerson(this.ports, lease, reason);
    metrics.poisoned();
    log.error(
      { ...loggedRun(lease.key), reason, runbook: 'docs/runbooks/poisoned-run.md' },
      'a run was stopped for a person',
    );
  }
}

const DIED = 'the workers that took it ended before they could give it back';

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
