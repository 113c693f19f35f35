import type { Clock } from '../../kernel/clock.js';
import { DomainError } from '../../kernel/errors.js';
import type { Logger } from '../logging/logger.js';
import { isDoneWithin } from './patience.js';

export interface HealthCheck {
  /** One word: `database`, `queue`. */
  readonly name: string;
  /** Resolves when all is well; throws otherwise. */
  readonly check: () => Promise<void>;
  /** False: shown in the detail, but the process stays ready without it. */
  readonly isCritical?: boolean;
}

export interface CheckReport {
  readonly name: string;
  readonly status: 'ok' | 'failed' | 'unknown';
  readonly isCritical: boolean;
  readonly tookMs: number | null;
  readonly checkedAt: string | null;
  readonly message: string | null;
}

/** A probe is answered from this result; a newer one is on its way meanwhile. */
const FRESH_MS = 1_000;
/** A result of which nothing newer came for so long says nothing any more. */
const STALE_MS = 10_000;
/** A dependency that takes longer is as good as away. */
const DEADLINE_MS = 3_000;
/** Answers come within 100 ms; this leaves room for the way there. */
const ANSWER_MS = 80;

/**
 * Whether this process can serve. Components register a check; probes never wait for a slow one
 * and never cause more than one run of it a second.
 */
export class Health {
  private readonly entries = new Map<string, Entry>();
  private stopping = false;
  private watch: NodeJS.Timeout | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Returns the way to take the check back. */
  register(check: HealthCheck): () => void {
    if (this.entries.has(check.name)) throw new Error(`duplicate health check "${check.name}"`);
    const isWatched = () => this.watch !== undefined;
    this.entries.set(check.name, new Entry(check, isWatched, this.clock, this.logger));
    return () => this.entries.delete(check.name);
  }

  /**
   * Looks by itself from now on, so that a probe finds an answer there and waits for nothing. No result
   * grows stale then: one that is old says that this process was too busy to look, and no more.
   */
  startWatching(): void {
    this.watch ??= setInterval(() => void this.refresh(), FRESH_MS).unref();
  }

  /** From now on the process is not ready: balancers send no new work while it finishes the old. */
  beginShutdown(): void {
    this.stopping = true;
    clearInterval(this.watch);
  }

  async isReady(): Promise<boolean> {
    if (this.stopping) return false;
    await this.refresh();
    return [...this.entries.values()].every((entry) => entry.isFine());
  }

  async detail(): Promise<{ status: 'ready' | 'unready'; checks: CheckReport[] }> {
    const isReady = await this.isReady();
    const checks = [...this.entries.values()].map((entry) => entry.report());
    return { status: isReady ? 'ready' : 'unready', checks };
  }

  private async refresh(): Promise<void> {
    const entries = [...this.entries.values()];
    const running = entries.map((entry) => entry.refresh());
    // All was well a moment ago: say so; the runs just begun serve the next probe.
    if (entries.every((entry) => entry.isKnown() && entry.isFine())) return;
    await isDoneWithin(ANSWER_MS, Promise.all(running));
  }
}

class Entry {
  private status: CheckReport['status'] = 'unknown';
  private message: string | null = null;
  private tookMs: number | null = null;
  private checkedAt: number | null = null;
  private finishedAt = -Infinity;
  private running: Promise<void> | undefined;

  constructor(
    private readonly check: HealthCheck,
    private readonly isWatched: () => boolean,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  isKnown(): boolean {
    return this.status !== 'unknown' && (this.isWatched() || this.ageMs() < STALE_MS);
  }

  isFine(): boolean {
    return this.check.isCritical === false || (this.status === 'ok' && this.isKnown());
  }

  async refresh(): Promise<void> {
    if (this.ageMs() < FRESH_MS) return;
    this.running ??= this.run().finally(() => (this.running = undefined));
    await this.running;
  }

  report(): CheckReport {
    const { name, isCritical = true } = this.check;
    const checkedAt = this.checkedAt === null ? null : new Date(this.checkedAt).toISOString();
    const { status, message, tookMs } = this;
    return { name, status, isCritical, tookMs, checkedAt, message };
  }

  private ageMs(): number {
    return this.clock.monotonic() - this.finishedAt;
  }

  private async run(): Promise<void> {
    const began = this.clock.monotonic();
    const before = this.status;
    try {
      const isInTime = await isDoneWithin(DEADLINE_MS, this.check.check());
      this.status = isInTime ? 'ok' : 'failed';
      this.message = isInTime ? null : `no answer within ${DEADLINE_MS} ms`;
    } catch (error) {
      this.status = 'failed';
      // Other errors name hosts and users; those are for the log.
      this.message = error instanceof DomainError ? error.message : 'failed: see the log';
      if (before !== 'failed') {
        this.logger.warn({ check: this.check.name, error }, 'a health check failed');
      }
    }
    this.finishedAt = this.clock.monotonic();
    this.checkedAt = this.clock.now();
    this.tookMs = Math.round(this.finishedAt - began);
    if (before === 'failed' && this.status === 'ok') {
      this.logger.info({ check: this.check.name }, 'a health check is well again');
    }
  }
}
