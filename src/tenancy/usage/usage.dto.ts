import { z } from 'zod';
import { uuid } from '../../kernel/text.js';

const day = z.iso.date();
const span = z.strictObject({
  from: day
    .optional()
    .meta({ description: 'The first day (UTC). Absent: the first of the month.' }),
  to: day.optional().meta({ description: 'The last day, which is included. Absent: today.' }),
  format: z.enum(['json', 'csv']).optional().meta({ description: 'Instead of the header Accept.' }),
});

export const usageQuery = span.extend({
  by: z
    .enum(['day', 'module', 'environment', 'detail'])
    .default('day')
    .meta({ description: 'What the rows are grouped by; `detail`: all three.' }),
});

export const platformUsageQuery = span.extend({
  top: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .meta({ description: 'How many of the tenants with the most requests.' }),
});

export const usageParams = z.strictObject({ id: uuid });

const amounts = {
  requests: z.int(),
  failures: z.int().meta({ description: 'Those of them that were answered with 400 or more.' }),
  sentBytes: z.int().meta({ description: 'With headers, and with what nodes were sent.' }),
  busyMs: z.int().meta({ description: 'How long requests took, in total.' }),
  deployments: z.int().meta({ description: 'Accepted, rollbacks among them. Counted exactly.' }),
};

const cost = z
  .strictObject({
    currency: z.string(),
    lines: z.array(
      z.strictObject({
        of: z.enum(['deployments', 'requests', 'sentBytes', 'storedBytes']),
        quantity: z.int(),
        price: z.number(),
        per: z.int(),
        amount: z.number(),
      }),
    ),
    total: z.number(),
  })
  .nullable()
  .meta({ description: 'By the setting `usage.prices`; null: there are no prices.' });

const bound = z
  .int()
  .meta({ description: 'Requests of so many last seconds may be missing, and no others.' });

export const usageOut = z
  .strictObject({
    from: day,
    to: day,
    requestsMayLackSeconds: bound,
    totals: z.strictObject(amounts),
    storedBytes: z.int().meta({ description: 'Of artifacts, now.' }),
    rows: z.array(
      z.strictObject({
        day: z.string(),
        module: z.string().meta({ description: 'Empty: what names none, or is not apart by it.' }),
        environment: z.string(),
        ...amounts,
      }),
    ),
    cost,
  })
  .meta({ id: 'Usage' });

export const platformUsageOut = z
  .strictObject({
    from: day,
    to: day,
    requestsMayLackSeconds: bound,
    totals: z.strictObject(amounts),
    tenants: z.array(z.strictObject({ tenantId: z.uuid(), slug: z.string(), ...amounts })),
  })
  .meta({ id: 'PlatformUsage' });

export type UsageQuery = z.output<typeof usageQuery>;
export type PlatformUsageQuery = z.output<typeof platformUsageQuery>;
export type UsageParams = z.output<typeof usageParams>;
export type UsageView = z.output<typeof usageOut>;
export type PlatformUsageView = z.output<typeof platformUsageOut>;
export type UsageAmounts = UsageView['totals'];
export type UsageRow = UsageView['rows'][number];
