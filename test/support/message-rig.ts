/** The whole API with mail on, and nobody who sends: what is put on its way is looked at where it waits. */
import { mailContext } from '../../src/drivers/channels/mail/mailer.js';
import { NotificationsConsumer } from '../../src/edges/notifications/matching/notifications.consumer.js';
import type { Message } from '../../src/drivers/channels/message.js';
import { newId } from '../../src/kernel/ids.js';
import { Database } from '../../src/platform/database/database.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { OutboxRelay } from '../../src/platform/outbox/outbox-relay.js';
import { Sealer } from '../../src/platform/sealing/sealer.js';
import { DeploymentsApp, type DeployingTenant } from './deployments-app.js';
import type { Member } from './whole-app.js';

export interface SentMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface Waiting {
  readonly subscription: string;
  readonly seq: number;
  readonly message: Message;
}

export class MessageRig {
  private constructor(readonly app: DeploymentsApp) {}

  static async start(): Promise<MessageRig> {
    const app = await DeploymentsApp.start({
      TIDEGATE_SMTP_URL: 'smtp://127.0.0.1:1',
      TIDEGATE_MAIL_FROM: 'no-reply@tidegate.example',
      TIDEGATE_PUBLIC_URL: 'https://tidegate.example',
      TIDEGATE_MFA_REQUIRED_ROLES: 'none',
    });
    return new MessageRig(app);
  }

  close(): Promise<void> {
    return this.app.close();
  }

  get consumer(): NotificationsConsumer {
    return this.app.whole.get(NotificationsConsumer);
  }

  /** Until nothing is left to deliver. */
  async relay(): Promise<void> {
    const relay = new OutboxRelay({
      database: this.app.whole.get(Database),
      consumers: [this.consumer],
      log: Logger.silent(),
      times: { beatMs: 10, firstRetryMs: 10, lastRetryMs: 20 },
    });
    relay.start();
    for (let left = 1; left > 0;) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      const [row] = await this.app.sql<{ left: number }>(
        'select count(*)::int as left from outbox where delivered_seq < up_to_seq',
      );
      left = row!.left;
    }
    await relay.stop(1_000);
  }

  /** Every mail that waits, in the order in which it was put there. */
  async mails(): Promise<SentMail[]> {
    const sealer = this.app.whole.get(Sealer);
    const rows = await this.app.sql<{ id: string; sealed: string }>(
      `select id, sealed from mail_outbox where kind = 'notification' order by created_at, id`,
    );
    return rows.map(({ id, sealed }) => {
      const text = sealer.unseal(sealed, mailContext(id)).toString('utf8');
      return JSON.parse(text) as SentMail;
    });
  }

  async mailsTo({ username }: Member): Promise<string[]> {
    const mails = await this.mails();
    return mails.filter(({ to }) => to === addressOf(username)).map(({ subject }) => subject);
  }

  /** To channels, in the order of each lane. */
  async waiting(tenantId: string): Promise<Waiting[]> {
    const rows = await this.app.sql<{ subscription: string; seq: string; text: string }>(
      `select subscription_id as subscription, seq, message_text as text from deliveries
       where tenant_id = $1 order by lane_id, seq`,
      [tenantId],
    );
    return rows.map(({ subscription, seq, text }) => ({
      subscription,
      seq: Number(seq),
      message: JSON.parse(text) as Message,
    }));
  }

  async namesTo(tenantId: string, subscription: string): Promise<string[]> {
    const all = await this.waiting(tenantId);
    return all
      .filter((each) => each.subscription === subscription)
      .map(({ message }) => message.event.name);
  }

  async channel(tenantId: string): Promise<string> {
    const id = newId();
    await this.app.sql(
      `insert into channels (tenant_id, id, name, name_key, kind, params, sealed_secrets)
       values ($1, $2::uuid, $2::text, $2::text, 'console', '{}', '')`,
      [tenantId, id],
    );
    return id;
  }

  async withAddress(member: Member): Promise<Member> {
    await this.app.sql('update users set email = $2, email_key = $2 where id = $1', [
      member.userId,
      addressOf(member.username),
    ]);
    return member;
  }

  /** Asked for, and waiting for people. */
  async asked(tenant: DeployingTenant, change: object = {}): Promise<string> {
    const id = await tenant.deploy({ requireApproval: true, ...change });
    await this.app.pass(tenant.id, id, 'preflight');
    await this.app.act(tenant.id, id);
    return id;
  }
}

export const addressOf = (username: string) => `${username}@example.org`;
