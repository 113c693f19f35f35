import { z } from 'zod';
import { type HotSetting, hotSetting } from '../settings/hot-setting.js';
import { RATE_NAMES, type RateName, rates } from './rates.js';

/** A million a minute is no limit any more. */
export const MOST_A_MINUTE = 1_000_000;

/** Of the whole installation; a tier multiplies what is of its tenants. */
export const rateSettings = Object.fromEntries(
  RATE_NAMES.map((name) => {
    const { perMinute, counts } = rates[name];
    return [
      name,
      hotSetting<number>({
        key: `rate-limits.${kebab(name)}`,
        schema: z.int().min(1).max(MOST_A_MINUTE),
        default: perMinute,
        example: perMinute * 2,
        doc: `Requests a minute. ${counts}`,
        scopes: ['platform'],
        weakens: (value, before) => value > before,
      }),
    ];
  }),
) as unknown as Readonly<Record<RateName, HotSetting<number>>>;

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
}
