import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Counter } from 'prom-client';
import { DomainError, messageOf } from '../../../kernel/errors.js';
import { Database } from '../../../platform/database/database.js';
import { Logger } from '../../../platform/logging/logger.js';
import { Metrics } from '../../../platform/metrics/metrics.js';
import { Sealer, UnsealError } from '../../../platform/sealing/sealer.js';
import { MAIL_CHANNEL, MailRefused, type Mail, type MailChannel } from '../mail-channel.js';
import { mailContext, mostToRecipient } from './mailer.js';
import {
  claimMails,
  countWaitingMails,
  postponeMail,
  purgeMails,
  settleMail,
  type MailClaim,
} from './mail-outbox.store.js';

const BEAT_MS = 2_000;
const PURGE_MS = 60 * 60_000;
/** In one turn, one after the other: a mail server counts connections, too. */
const MAILS = 10;
/** Longer than a turn may take: a process that died is not waited for, and none sends what another does. */
const LEASE_MS = 10 * 60_000;
const FIRST_RETRY_MS = 15_000;
const LAST_RETRY_MS = 30 * 60_000;
/** Three days of them: as long as an invitation is good. */
const ATTEMPTS = 150;
const KEPT_DAYS = 7;
const PURGED_ROWS = 1_000;

type End = { readonly state: 'sent' | 'failed' | 'dropped'; readonly reason?: string };

/** Sends what is due, in this process, from start to shutdown. One that dies half-way may send a mail twice. */
@Injectable()
export class MailSender implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log: Logger;
  private readonly mails: Counter<'kind' | 'outcome'>;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isStopping = false;
  private purgedAt = -Infinity;

  constructor(
    private readonly database: Database,
    @Inject(MAIL_CHANNEL) private readonly channel: MailChannel,
    private readonly sealer: Sealer,
    logger: Logger,
    metrics: Metrics,
  ) {
    this.log = logger.child({ part: 'mail' });
    this.mails = metrics.counter({
      name: 'mails_total',
      help: 'Mails by what became of an attempt: sent, postponed, failed, dropped',
      labelNames: ['kind', 'outcome'],
    });
    const waiting = metrics.gauge({
      name: 'mails_waiting',
      help: 'Mails that are on their way; when it grows, the mail server does not take them',
      collect: async () => {
        const count = await database.system(countWaitingMails).catch(() => null);
        if (count !== null) waiting.set(count);
      },
    });
  }

  onApplicationBootstrap(): void {
    if (this.channel.isOn) this.begin();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private begin(): void {
    this.running = this.look().then((isMore) => {
      this.running = undefined;
      if (!this.isStopping) this.timer = setTimeout(() => this.begin(), isMore ? 0 : BEAT_MS);
    });
  }

  /** One turn; true when there may be more at once. Never rejects. */
  async look(): Promise<boolean> {
    try {
      await this.purge();
      const limitsOfTurn = { mails: MAILS, leaseMs: LEASE_MS };
      const claims = await this.database.system((tx) => claimMails(tx, limitsOfTurn));
      for (const claim of claims) {
        if (this.isStopping) await this.giveBack(claim);
        else await this.handle(claim);
      }
      return claims.length === MAILS;
    } catch (error) {
      this.log.warn({ error: messageOf(error) }, 'mails that wait could not be read');
      return false;
    }
  }

  private async handle(claim: MailClaim): Promise<void> {
    const { id, kind, tenantId, attempts } = claim;
    const line = { mail: id, kind, tenantId, attempts };
    try {
      const { state, reason } = await this.attempt(claim);
      await this.database.system((tx) => settleMail(tx, claim, state, reason ?? null));
      this.mails.inc({ kind, outcome: state });
      if (state !== 'sent') this.log.warn({ ...line, reason }, `a mail was ${state}`);
    } catch (error) {
      const reason = reasonOf(error);
      const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts - 1, 20));
      await this.database.system((tx) => postponeMail(tx, claim, delayMs, reason));
      this.mails.inc({ kind, outcome: 'postponed' });
      this.log.warn({ ...line, reason, delayMs }, 'a mail could not be sent; it is tried again');
    }
  }

  private async giveBack(claim: MailClaim): Promise<void> {
    await this.database.system((tx) => postponeMail(tx, claim, 0, 'the process stops'));
  }

  /** Throws what may be otherwise later. */
  private async attempt(claim: MailClaim): Promise<End> {
    if (claim.isOver) return { state: 'dropped', reason: 'too late: its link is over' };
    if (claim.ahead >= mostToRecipient(claim.kind)) {
      return { state: 'dropped', reason: 'too many mails to this address' };
    }
    if (claim.attempts > ATTEMPTS) return { state: 'failed', reason: 'too many attempts' };
    try {
      const text = this.sealer.unseal(claim.sealed, mailContext(claim.id)).toString('utf8');
      await this.channel.send(JSON.parse(text) as Mail, claim.id);
      return { state: 'sent' };
    } catch (error) {
      if (error instanceof MailRefused) return { state: 'failed', reason: error.message };
      throw error;
    }
  }

  private async purge(): Promise<void> {
    if (performance.now() - this.purgedAt < PURGE_MS) return;
    const purged = await this.database.system((tx) =>
      purgeMails(tx, { days: KEPT_DAYS, rows: PURGED_ROWS }),
    );
    if (purged < PURGED_ROWS) this.purgedAt = performance.now();
  }
}

/** Codes and numbers: a server's words may quote an address. */
function reasonOf(error: unknown): string {
  if (error instanceof UnsealError) return error.message;
  if (error instanceof DomainError)
    return error.cause instanceof Error ? error.cause.message : error.code;
  return 'unknown';
}
