import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { messageOf } from '../../kernel/errors.js';
import { failureLog, type FailureLog } from '../protocol/failure-log.js';
import { PROTOCOL } from '../protocol/protocol.js';
import type { Launcher } from '../supervisor/launcher.js';
import type { Failure, FailureSink } from '../supervisor/module-tools.js';
import { Backoff } from '../transport/backoff.js';
import { ServerRefusal } from '../transport/control-plane.js';
import { lastLines } from './last-lines.js';

/** More than may be sent: what is masked, and lines that are cut, have been longer. */
const READ_BYTES = 256 * 1024;
/** A module that crashes again and again is worth a log now and then. */
const BETWEEN_MS = 1000;

/**
 * Sends the end of what a failed instance has printed, once per failure. What it says is read at once, for the
 * file may be gone later. One log of a module waits, the newest; a control plane that does not want it,
 * an earlier version say, is not asked again.
 */
export class FailureLogs implements FailureSink {
  private readonly waiting = new Map<string, FailureLog>();
  private readonly abort = new AbortController();
  private sending: Promise<void> | undefined;

  constructor(
    private readonly parts: {
      readonly launcher: Pick<Launcher, 'output' | 'maskFor'>;
      readonly send: (log: FailureLog, signal: AbortSignal) => Promise<void>;
      readonly log: Logger;
      readonly betweenMs?: number;
      readonly backoff?: Backoff;
    },
  ) {}

  /** Never throws: that something has failed matters more than what it has said. */
  note(failure: Failure): void {
    try {
      const log = this.read(failure);
      if (!log || this.abort.signal.aborted) return;
      this.waiting.set(failure.moduleId, log);
      this.sending ??= this.sendAll();
    } catch (error) {
      this.parts.log.warn({ reason: messageOf(error) }, 'the output of a failure was not read');
    }
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.sending;
  }

  private read(failure: Failure): FailureLog | null {
    const { moduleId, generation, spec, source, code } = failure;
    const { launcher } = this.parts;
    const { end, dropped } = launcher.output(moduleId).end(source, READ_BYTES);
    const { lines, isCut } = lastLines(end, dropped > 0, launcher.maskFor(spec));
    if (lines.length === 0) return null;
    const { releaseId } = spec.release;
    const about = { protocol: PROTOCOL, moduleId, generation, releaseId } as const;
    return failureLog.parse({ ...about, source, code: code.slice(0, 64), lines, isCut });
  }

  private async sendAll(): Promise<void> {
    const { signal } = this.abort;
    const { send, log, betweenMs = BETWEEN_MS } = this.parts;
    const backoff = this.parts.backoff ?? new Backoff(1000, 30_000);
    for (let next = this.next(); next && !signal.aborted; next = this.next()) {
      const [moduleId, one] = next;
      let waitMs = betweenMs;
      try {
        await send(one, signal);
        backoff.reset();
      } catch (error) {
        if (signal.aborted) return;
        const isFinal = error instanceof ServerRefusal && error.isFinal;
        log.warn({ reason: messageOf(error), isFinal }, 'the output of a failure did not arrive');
        // A newer one takes its place; else it waits for the next try.
        if (!isFinal && !this.waiting.has(moduleId)) this.waiting.set(moduleId, one);
        if (!isFinal) waitMs = backoff.nextMs();
      }
      if (this.waiting.size > 0) await pause(waitMs, undefined, { signal }).catch(() => undefined);
    }
    // In the same turn as the last look: what is noted from here on begins anew.
    this.sending = undefined;
  }

  private next(): [string, FailureLog] | undefined {
    const [first] = this.waiting;
    if (first) this.waiting.delete(first[0]);
    return first;
  }
}
