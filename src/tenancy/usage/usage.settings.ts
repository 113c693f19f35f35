import { z } from 'zod';
import { hotSetting } from '../../platform/settings/hot-setting.js';

const price = z.number().min(0).max(1_000_000_000);

const priceTable = z.strictObject({
  /** ISO 4217. */
  currency: z.string().regex(/^[A-Z]{3}$/, 'three capital letters, like EUR'),
  deployment: price,
  thousandRequests: price,
  gigabyteSent: price,
  gigabyteStored: price,
});

export type PriceTable = z.output<typeof priceTable>;

export const usagePrices = hotSetting({
  key: 'usage.prices',
  schema: priceTable.nullable(),
  default: null,
  defaultNote: 'null: usage says no cost',
  example: {
    currency: 'EUR',
    deployment: 0.05,
    thousandRequests: 0.01,
    gigabyteSent: 0.08,
    gigabyteStored: 0.1,
  },
  doc: 'What usage costs: for each deployment, a thousand requests, a gigabyte (10⁹ bytes) sent, and a gigabyte that is stored when it is asked. What was used before a price changed is shown at the new one: keep what you have billed.',
  scopes: ['platform', 'tenant'],
});
