import { z } from 'zod';
import { DomainError } from '../../../kernel/errors.js';
import { notificationLimits } from '../../../kernel/notification-limits.js';
import { text } from '../../../kernel/text.js';
import { channelKind, type Delivery } from '../channel-kind.js';
import { isMailAddress } from '../mail-address.js';
import { mailOff } from '../mail.errors.js';
import type { WrittenMail } from '../mail/mailer.js';
import type { Message } from '../message.js';
import { notTaken, taken } from '../receipts.js';
import { mailHtml, mailText } from './mail-body.js';

const address = text(254).refine(isMailAddress, {
  message: 'must be a single address like ada@example.org, without a name',
});

const params = z.strictObject({
  to: z.array(address).min(1).max(notificationLimits.addressesPerChannel).meta({
    description: 'Who gets each message. A mailing list is one address.',
  }),
});

type Params = z.output<typeof params>;

/** What the mail server has not taken by then is no news any more. */
const GOOD_MS = 24 * 60 * 60_000;

/**
 * Hands mails to the mailer, in one transaction: their limits, sealing and retries are its own, and the
 * delivery is done when they are on their way.
 */
export const emailChannel = channelKind<Params, Record<never, never>>({
  kind: 'email',
  title: 'E-mail',
  params,
  secretParams: z.strictObject({}),
  isSigned: false,
  check(_params, _secrets, { isMailOn }) {
    if (!isMailOn) throw mailOff();
  },
  place: ({ to }) => to.join(', '),
  async send(message, delivery, { mail }) {
    try {
      await mail(addressees(delivery).map((to) => written(to, message, delivery)));
      return taken('on its way to the mail server');
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const { code, details } = error;
      if (code === 'mail-address-invalid') return notTaken('refused', code);
      const seconds = details?.['retryAfterSeconds'];
      const retryAfterMs = typeof seconds === 'number' ? seconds * 1_000 : null;
      return { ...notTaken('later', code), retryAfterMs };
    }
  },
});

function addressees({ recipient, params: { to } }: Delivery<Params>): readonly string[] {
  return recipient === null ? to : [recipient];
}

function written(to: string, message: Message, { at }: Delivery<Params>): WrittenMail {
  return {
    kind: 'notification',
    to,
    goodUntil: new Date(at.getTime() + GOOD_MS),
    subject: message.title,
    text: mailText(message),
    html: mailHtml(message),
  };
}
