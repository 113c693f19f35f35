import { Inject, Injectable } from '@nestjs/common';
import {
  credentialChangedMail,
  emailConfirmationMail,
  invitationMail,
  passwordResetMail,
} from '../drivers/channels/mail/mail-templates.js';
import { Mailer, type WrittenMail } from '../drivers/channels/mail/mailer.js';
import type { Clock } from '../kernel/clock.js';
import { CLOCK } from '../platform/clock.js';
import { Context } from '../platform/context.js';
import { Database } from '../platform/database/database.js';
import { PLATFORM_TENANT } from './tenants/platform-tenant.js';

export interface LinkLetter {
  readonly to: string;
  readonly link: string;
  readonly expiresAt: Date;
}

export interface InvitationLetter extends LinkLetter {
  /** In whose name it goes out, and by whose budget. */
  readonly tenantId: string;
  readonly tenant: string;
  readonly invitedBy: string;
}

export interface ChangeLetter {
  readonly to: string;
  readonly change: 'password' | 'email' | 'factors-reset';
  /** From where, as far as it is told. */
  readonly network: string | null;
}

/** Who has changed something unseen must not be warned of next month. */
const NOTICE_GOOD_MS = 24 * 3_600_000;

/** Mail about accounts. Links and tokens go to the recipient alone: never into a log or an error. */
@Injectable()
export class AccountMail {
  constructor(
    private readonly db: Database,
    private readonly mailer: Mailer,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  get isOn(): boolean {
    return this.mailer.isOn;
  }

  sendInvitation(letter: InvitationLetter): Promise<void> {
    const { to, link, expiresAt: goodUntil, tenantId } = letter;
    const { tenant: tenantName, invitedBy: inviterName } = letter;
    const mail = invitationMail({ to, link, goodUntil, tenantName, inviterName });
    const ctx = Context.system(tenantId, 'mail');
    return this.db.transaction(ctx, (open) => this.mailer.send(open, mail));
  }

  sendPasswordReset({ to, link, expiresAt: goodUntil }: LinkLetter): Promise<void> {
    return this.send(passwordResetMail({ to, link, goodUntil }));
  }

  sendEmailConfirmation({ to, link, expiresAt: goodUntil }: LinkLetter): Promise<void> {
    return this.send(emailConfirmationMail({ to, link, goodUntil }));
  }

  sendAccountChanged({ to, change, network }: ChangeLetter): Promise<void> {
    const now = this.clock.now();
    const goodUntil = new Date(now + NOTICE_GOOD_MS);
    return this.send(credentialChangedMail({ to, change, at: new Date(now), network, goodUntil }));
  }

  private send(mail: WrittenMail): Promise<void> {
    return this.db.system((tx) => this.mailer.sendAsSystem(tx, PLATFORM_TENANT.id, mail));
  }
}
