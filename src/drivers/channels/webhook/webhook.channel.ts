import { z } from 'zod';
import { limits } from '../../../kernel/limits.js';
import { text } from '../../../kernel/text.js';
import { destinationOf } from '../../../platform/outbound/destination.js';
import { channelKind } from '../channel-kind.js';
import type { Message } from '../message.js';
import { postJson } from '../receipts.js';
import { signedHeaders } from './signing.js';

const params = z.strictObject({
  url: text(limits.outboundUrlCharacters).min(1).meta({
    description:
      'Where to post: https on port 443 or 8443, unless the operator has opened the host. It is shown again, so it must hold no secret.',
    example: 'https://hooks.example.com/tidegate',
  }),
});

const secretParams = z.strictObject({
  authorization: text(1_000)
    .regex(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/, 'must be printable ASCII')
    .optional()
    .meta({ description: 'Sent as the header `Authorization`, for receivers that ask for one.' }),
});

/** Any program that takes JSON: signed, with an id that stays the same when a message comes again. */
export const webhookChannel = channelKind<z.output<typeof params>, z.output<typeof secretParams>>({
  kind: 'webhook',
  title: 'Webhook',
  params,
  secretParams,
  isSigned: true,
  check: ({ url }) => void destinationOf(url),
  // With its scheme: what is sent there in secret does not follow to another place, nor into the clear.
  place: ({ url }) => new URL(url).origin,
  send(message, delivery, ports) {
    const body = JSON.stringify(payloadOf(message, delivery.id));
    const { authorization } = delivery.secrets;
    const headers = {
      ...signedHeaders({ id: delivery.id, at: delivery.at, body }, delivery.signingSecrets),
      ...(authorization === undefined ? {} : { authorization }),
    };
    return postJson({ url: delivery.params.url, headers, body }, delivery, ports);
  },
});

/** What the event is and what it is about; nothing of who hears of it, or by what rule. */
function payloadOf({ title, text: words, link, event }: Message, id: string): object {
  return { id, type: event.name, timestamp: event.at, title, text: words, link, event };
}
