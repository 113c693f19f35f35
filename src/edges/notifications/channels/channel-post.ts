import { Injectable } from '@nestjs/common';
import type { ChannelPorts, Delivery, Receipt } from '../../../drivers/channels/channel-kind.js';
import { channelKinds } from '../../../drivers/channels/channel-kinds.js';
import { Mailer } from '../../../drivers/channels/mail/mailer.js';
import type { Message } from '../../../drivers/channels/message.js';
import { notTaken } from '../../../drivers/channels/receipts.js';
import { messageOf } from '../../../kernel/errors.js';
import { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { Logger } from '../../../platform/logging/logger.js';
import { GuardedFetch } from '../../../platform/outbound/guarded-fetch.js';
import { UnsealError } from '../../../platform/sealing/sealer.js';
import type { ChannelEntity } from './channel.entity.js';
import { ChannelSecrets } from './channel-secrets.js';
import { withoutSecrets } from './redaction.js';

type Parcel = Pick<Delivery, 'id' | 'attempt' | 'at' | 'recipient' | 'signal'>;

/** Sends one message to one channel, once, outside any transaction, and says what became of it. */
@Injectable()
export class ChannelPost {
  private readonly log: Logger;

  constructor(
    private readonly database: Database,
    private readonly fetch: GuardedFetch,
    private readonly mailer: Mailer,
    private readonly secrets: ChannelSecrets,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'notifications' });
  }

  /** Never throws: what goes wrong here may go right later. */
  async send(row: ChannelEntity, message: Message, parcel: Parcel): Promise<Receipt> {
    try {
      const secrets = this.secrets.open(row);
      const signingSecrets = this.secrets.signingAt(row, parcel.at);
      const { tenantId, id: channelId, params } = row;
      const delivery = { ...parcel, tenantId, channelId, params, secrets, signingSecrets };
      const kind = channelKinds.get(row.kind);
      const receipt = await kind.send(message, delivery, this.portsOf(tenantId));
      const hidden = [...Object.values(secrets), ...signingSecrets];
      return { ...receipt, answer: withoutSecrets(receipt.answer, hidden) };
    } catch (error) {
      const { tenantId, id: channelId } = row;
      const line = { tenantId, channelId, delivery: parcel.id, error: messageOf(error) };
      this.log.error(line, 'a message could not be sent');
      return notTaken('later', error instanceof UnsealError ? 'secret-not-readable' : 'internal');
    }
  }

  private portsOf(tenantId: string): ChannelPorts {
    return {
      fetch: this.fetch,
      line: (facts, text) => this.log.info({ tenantId, ...facts }, text),
      mail: (mails) =>
        this.database.transaction(Context.system(tenantId, 'notifications'), async (open) => {
          for (const mail of mails) await this.mailer.send(open, mail);
        }),
    };
  }
}
