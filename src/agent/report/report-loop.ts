import type { Logger } from 'pino';
import { messageOf } from '../../kernel/errors.js';
import type { ReportRequest, ReportResponse } from '../protocol/protocol.js';
import { Backoff } from '../transport/backoff.js';

const DEBOUNCE_MS = 100;

export interface ReportLoopParts {
  readonly build: () => Promise<ReportRequest>;
  readonly send: (report: ReportRequest, signal: AbortSignal) => Promise<ReportResponse>;
  readonly onAnswer: (answer: ReportResponse) => void;
  readonly intervalMs: () => number;
  readonly log: Logger;
}

/**
 * The heartbeat: at once, every interval, and shortly after a change. It never gives up; while the
 * server does not answer, changes wait for the next try.
 */
export class ReportLoop {
  private readonly abort = new AbortController();
  private readonly backoff = new Backoff(500, 15_000);
  private wake: (() => void) | undefined;
  private changed = false;
  private isFailing = false;
  private running: Promise<void> | undefined;

  constructor(private readonly parts: ReportLoopParts) {}

  start(): void {
    this.running = this.run();
  }

  /** Something worth a report has changed. */
  kick(): void {
    this.changed = true;
    if (!this.isFailing) this.wake?.();
  }

  async stop(): Promise<void> {
    this.abort.abort();
    this.wake?.();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.abort;
    while (!signal.aborted) {
      this.changed = false;
      const waitMs = await this.report();
      if (signal.aborted) return;
      if (!this.changed || this.isFailing) await this.pause(waitMs);
      // Several changes come together; one report shows them all.
      if (this.changed && !this.isFailing) await this.pause(DEBOUNCE_MS, false);
    }
  }

  /** Returns how long to wait for the next one. */
  private async report(): Promise<number> {
    try {
      const report = await this.parts.build();
      this.parts.onAnswer(await this.parts.send(report, this.abort.signal));
      if (this.isFailing) this.parts.log.info('the server answers again');
      this.isFailing = false;
      this.backoff.reset();
      return this.parts.intervalMs();
    } catch (error) {
      if (this.abort.signal.aborted) return 0;
      const level = this.isFailing ? 'debug' : 'warn';
      this.parts.log[level]({ reason: messageOf(error) }, 'the report did not arrive');
      this.isFailing = true;
      return Math.min(this.backoff.nextMs(), Math.max(this.parts.intervalMs(), 1000) * 3);
    }
  }

  private async pause(ms: number, canWake = true): Promise<void> {
    if (this.abort.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      if (canWake) this.wake = done;
    });
  }
}
