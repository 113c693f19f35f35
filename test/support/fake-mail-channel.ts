import { checkMailAddress, oneLine } from '../../src/drivers/channels/mail-address.js';
import {
  MailRefused,
  type Mail,
  type MailChannel,
} from '../../src/drivers/channels/mail-channel.js';
import { mailUnavailable } from '../../src/drivers/channels/mail.errors.js';

/** Keeps what it is sent, for tests in which a mail is not the matter. Held to the suite of all channels. */
export class FakeMailChannel implements MailChannel {
  readonly isOn = true;
  readonly sent: Mail[] = [];
  /** As a mail server says it: 451 is "later", 550 "never". */
  reply: number | null = null;

  async send(mail: Mail, _id: string): Promise<void> {
    checkMailAddress(mail.to);
    const { reply } = this;
    if (reply !== null && reply >= 500) throw new MailRefused(reply);
    if (reply !== null) throw mailUnavailable(new Error(String(reply)));
    this.sent.push({ ...mail, subject: oneLine(mail.subject) });
  }
}
