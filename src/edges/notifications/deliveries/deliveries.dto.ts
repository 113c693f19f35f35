import { z } from 'zod';
import { text, uuid } from '../../../kernel/text.js';
import { pageQuery } from '../../../platform/http/page.js';

export const DELIVERY_STATES = ['waiting', 'delivered', 'dead'] as const;
const state = z.enum(DELIVERY_STATES);

export const deliveriesQuery = pageQuery.extend({
  channelId: uuid.optional(),
  state: state.optional(),
  event: text(100).min(1).optional().meta({
    description: 'Only of events with this name.',
    example: 'deployment-failed',
  }),
});
export type DeliveriesQuery = z.output<typeof deliveriesQuery>;

export const deliveryParams = z.strictObject({ id: uuid });
export type DeliveryParams = z.output<typeof deliveryParams>;

export const deliveryOut = z
  .strictObject({
    id: z.uuid().meta({ description: 'The same at each attempt: `webhook-id`.' }),
    channelId: z.uuid(),
    channelName: z.string().nullable().meta({ description: 'Null when the channel is deleted.' }),
    kind: z.string().nullable(),
    subscriptionId: z.uuid().nullable(),
    event: z.string(),
    recipient: z.string().nullable(),
    title: z.string(),
    state: state.meta({
      description: '`dead`: it is not tried any more; it can be sent again by hand.',
    }),
    reason: z.string().nullable().meta({ description: 'Why it was not taken the last time.' }),
    attempts: z.int(),
    redeliveries: z.int(),
    createdAt: z.iso.datetime(),
    queuedAt: z.iso.datetime().meta({ description: 'Since when it waits, or waited.' }),
    doneAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Delivery' });

const attempt = z
  .strictObject({
    number: z.int(),
    at: z.iso.datetime(),
    durationMs: z.int(),
    outcome: z.enum(['taken', 'later', 'refused', 'gone']),
    status: z.int().nullable().meta({ description: 'Of the HTTP answer.' }),
    reason: z.string().nullable(),
    answer: z.string().meta({ description: 'What the receiver said; its beginning.' }),
  })
  .meta({ id: 'DeliveryAttempt' });

export const deliveryDetailOut = deliveryOut
  .extend({
    message: z
      .record(z.string(), z.unknown())
      .meta({ description: 'What is told, before the kind of channel gives it a form.' }),
    lastAttempts: z.array(attempt).meta({ description: 'Newest first, fifty at most.' }),
  })
  .meta({ id: 'DeliveryDetail' });

export const exampleDelivery = {
  id: '019a7f3e-c000-7aaa-8bbb-0123456789ab',
  channelId: '019a7f3e-b000-7aaa-8bbb-0123456789ab',
  channelName: 'releases-hook',
  kind: 'webhook',
  subscriptionId: null,
  event: 'deployment-failed',
  recipient: null,
  title: 'orders 2.1.0 has failed in Production',
  state: 'dead',
  reason: 'status-400',
  attempts: 1,
  redeliveries: 0,
  createdAt: '2026-05-04T09:12:33.000Z',
  queuedAt: '2026-05-04T09:12:33.000Z',
  doneAt: '2026-05-04T09:12:34.000Z',
};

export const exampleDetail = {
  ...exampleDelivery,
  message: { title: exampleDelivery.title, text: 'The gate of wave 1 was unstable.' },
  lastAttempts: [
    {
      number: 1,
      at: '2026-05-04T09:12:33.500Z',
      durationMs: 84,
      outcome: 'refused',
      status: 400,
      reason: 'status-400',
      answer: 'unknown type',
    },
  ],
};
