import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { newId } from '../../../kernel/ids.js';
import { limits } from '../../../kernel/limits.js';
import { notificationLimits } from '../../../kernel/notification-limits.js';
import { Config } from '../../../platform/config/config.js';
import type { OpenContext } from '../../../platform/context.js';
import type { SystemTransaction, Transaction } from '../../../platform/database/transaction.js';
import { Sealer } from '../../../platform/sealing/sealer.js';
import { checkMailAddress, oneLine } from '../mail-address.js';
import { MAIL_CHANNEL, type Mail, type MailChannel } from '../mail-channel.js';
import { mailLimitReached, mailOff } from '../mail.errors.js';
import { countRecentMails, insertMail } from './mail-outbox.store.js';

export interface WrittenMail extends Mail {
  /** What it is about: `invitation`. For figures and logs. */
  readonly kind: string;
  /** After this it is not sent any more: its link would not work. */
  readonly goodUntil: Date;
}

/**
 * Puts mails on their way, in the transaction of whoever has a reason for one: what is rolled back is never
 * sent, and what is committed is sent when the server takes it, over restarts.
 */
@Injectable()
export class Mailer {
  constructor(
    @Inject(MAIL_CHANNEL) private readonly channel: MailChannel,
    private readonly sealer: Sealer,
    private readonly config: Config,
  ) {}

  /** Without mail, whoever would send a link shows it once to the one who asked for it. */
  get isOn(): boolean {
    return this.channel.isOn;
  }

  /** Of this installation's own pages. Throws `mail-off` where nobody has said what its address is. */
  link(path: `/${string}`): string {
    if (this.config.publicUrl === null) throw mailOff();
    return this.config.publicUrl + path;
  }

  /** Throws `mail-off`, `mail-address-invalid`, `mail-limit-reached`. */
  send(open: OpenContext, mail: WrittenMail): Promise<void> {
    return this.queue(open.tx, open.tenantId, mail, mostOfTenant(mail.kind));
  }

  /**
   * For people, who are of no tenant; `tenantId` is the one in whose name it is said. Throws as `send` does:
   * who must not tell whether an address is known catches that.
   */
  sendAsSystem(tx: SystemTransaction, tenantId: string, mail: WrittenMail): Promise<void> {
    return this.queue(tx, tenantId, mail, limits.mailsOfSystem);
  }

  private async queue(
    tx: Transaction,
    tenantId: string,
    { kind, goodUntil, to, subject, text, html }: WrittenMail,
    perTenant: number,
  ): Promise<void> {
    if (!this.isOn) throw mailOff();
    const recipient = digestOf(checkMailAddress(to));
    // For whoever asks; over all tenants it is the sender who counts.
    const { toRecipient, ofTenant } = await countRecentMails(tx, { tenantId, recipient, kind });
    if (toRecipient >= mostToRecipient(kind)) throw mailLimitReached('address');
    if (ofTenant >= perTenant) throw mailLimitReached('tenant');
    const id = newId();
    const mail: Mail = { to, subject: oneLine(subject), text, html };
    const sealed = this.sealer.seal(JSON.stringify(mail), mailContext(id));
    await insertMail(tx, { tenantId, id, kind, recipient, sealed, goodUntil });
  }
}

/** In an hour, of that kind, over all tenants. */
export function mostToRecipient(kind: string): number {
  return PER_RECIPIENT[kind] ?? limits.mailsPerRecipient;
}

const PER_RECIPIENT: Readonly<Record<string, number>> = {
  'password-reset': limits.resetMailsPerRecipient,
  notification: notificationLimits.notificationMailsPerRecipient,
};

/** However much a tenant is told by mail, it can still invite somebody. */
function mostOfTenant(kind: string): number {
  return kind === 'notification'
    ? notificationLimits.notificationMailsPerTenant
    : limits.mailsPerTenant;
}

/** To count by; whose address it is, only the sealed text says. */
function digestOf(address: string): string {
  return createHash('sha256').update(`tidegate:mail:${address.toLowerCase()}`).digest('hex');
}

/** A sealed mail opens in its own row only. */
export function mailContext(id: string): string {
  return `mail:${id}`;
}
