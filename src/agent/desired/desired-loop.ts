import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { DomainError, messageOf } from '../../kernel/errors.js';
import { failpoint } from '../../kernel/failpoint.js';
import { limits } from '../../kernel/limits.js';
import { Backoff } from '../transport/backoff.js';
import {
  type StatementExpectation,
  type VerifiedStatement,
  verifyStatement,
} from './verify-statement.js';

/** A question younger than this is still being answered; a nudge must not start it over for ever. */
const KICK_AFTER_MS = 5000;
/** A server that answers at once and brings nothing new must not be asked in a tight circle. */
const LEAST_MS = 500;

export interface DesiredLoopParts {
  /** Null: nothing newer. */
  readonly fetch: (
    query: { after: number; waitMs: number; nonce: string },
    signal: AbortSignal,
  ) => Promise<string | null>;
  readonly expectation: () => Omit<StatementExpectation, 'nonce'>;
  readonly accept: (statement: VerifiedStatement) => void;
  readonly log: Logger;
}

/** Long-polls for the signed statement of what this node should run. */
export class DesiredLoop {
  private readonly abort = new AbortController();
  private readonly backoff = new Backoff(500, 15_000);
  private running: Promise<void> | undefined;
  private current = new AbortController();
  private isFirst = true;
  private isFailing = false;
  private askedAt = 0;

  constructor(private readonly parts: DesiredLoopParts) {}

  start(): void {
    this.running = this.run();
  }

  /** The server has said elsewhere that there is something newer. */
  kick(): void {
    if (performance.now() - this.askedAt >= KICK_AFTER_MS) this.current.abort();
  }

  async stop(): Promise<void> {
    this.abort.abort();
    this.current.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.abort.signal.aborted) {
      this.current = new AbortController();
      try {
        await this.poll(this.current.signal);
        if (this.isFailing) this.parts.log.info('the desired state can be had again');
        this.isFailing = false;
        this.backoff.reset();
      } catch (error) {
        if (this.abort.signal.aborted) return;
        if (this.current.signal.aborted) continue;
        await this.failed(error);
      }
    }
  }

  private async poll(signal: AbortSignal): Promise<void> {
    const expected = this.parts.expectation();
    const nonce = randomBytes(16).toString('base64url');
    // The first question asks for everything: what was refused before shows itself again.
    const after = this.isFirst ? 0 : expected.revision;
    const waitMs = this.isFirst ? 0 : limits.longPollMs;
    this.askedAt = performance.now();
    const statement = await this.parts.fetch({ after, waitMs, nonce }, signal);
    if (statement !== null) {
      const verified = await verifyStatement(statement, { ...expected, nonce });
      await failpoint('agent.statement:after-fetch');
      this.parts.accept(verified);
      await failpoint('agent.statement:after-accept');
    }
    const isNew = this.parts.expectation().revision > expected.revision;
    const tookMs = performance.now() - this.askedAt;
    if (!this.isFirst && !isNew && tookMs < LEAST_MS) await this.pause(LEAST_MS);
    this.isFirst = false;
  }

  private async failed(error: unknown): Promise<void> {
    const isRefused = error instanceof DomainError && error.code.startsWith('statement-');
    const level = isRefused ? 'error' : this.isFailing ? 'debug' : 'warn';
    this.parts.log[level]({ reason: messageOf(error) }, 'no desired state');
    this.isFailing = true;
    await this.pause(this.backoff.nextMs());
  }

  private async pause(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.abort.signal }).catch(() => undefined);
  }
}
