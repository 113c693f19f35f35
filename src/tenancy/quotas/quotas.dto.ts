import { z } from 'zod';
import { QUOTAS } from './quota.js';

export const quotasQuery = z.strictObject({
  format: z.enum(['json', 'csv']).optional().meta({ description: 'Instead of the header Accept.' }),
});
export type QuotasQuery = z.output<typeof quotasQuery>;

const quotaOut = z.strictObject({
  quota: z.enum(QUOTAS),
  use: z.int().meta({ description: 'How much of it there is now, or was used this month (UTC).' }),
  limit: z.int().nullable().meta({ description: 'Null: none.' }),
  percent: z.int().nullable().meta({ description: 'Of the limit, rounded down.' }),
  resetsAt: z.iso.datetime().nullable().meta({ description: 'When it resets; null: never.' }),
});

export const quotasOut = z.strictObject({ quotas: z.array(quotaOut) }).meta({ id: 'Quotas' });

export interface QuotaView {
  readonly quota: (typeof QUOTAS)[number];
  readonly use: number;
  readonly limit: number | null;
  readonly percent: number | null;
  readonly resetsAt: Date | null;
}
