/** From how many on something looks like an attack. */
import { z } from 'zod';
import {
  type AnyHotSetting,
  hotSetting,
  isAtMost,
} from '../../../platform/settings/hot-setting.js';

const threshold = (name: string, preset: number, doc: string) =>
  hotSetting({
    key: `suspicion.${name}`,
    schema: z.int().min(1).max(1_000_000),
    default: preset,
    example: preset * 2,
    doc,
    scopes: ['platform', 'tenant'],
    tightens: isAtMost,
  });

export const accountFailures = threshold(
  'account-failures',
  10,
  'Failed sign-ins to one account within ten minutes that are recorded as suspicious activity.',
);
export const networkFailures = threshold(
  'network-failures',
  50,
  'Failed sign-ins and refused tokens of one network (an IPv4 /24, an IPv6 /48) within ten minutes that are recorded as suspicious activity.',
);
export const keyNetworks = threshold(
  'key-networks',
  5,
  'Networks from which one access key is used within an hour that are recorded as suspicious activity. Runners in a cloud come from many: raise it, or give the key allowed networks.',
);
export const missedIds = threshold(
  'missed-ids',
  100,
  'Well-formed ids of nothing of the tenant that one caller asks for within ten minutes, and is told 404, that are recorded as suspicious activity.',
);

const days = z.array(z.int().min(1).max(7)).min(1).max(7);

export const officeHours = hotSetting({
  key: 'suspicion.office-hours',
  schema: z.strictObject({
    days,
    from: z.int().min(0).max(23),
    to: z.int().min(1).max(24),
    timeZone: z.string().max(64).refine(isTimeZone, 'an IANA time zone, such as Europe/Berlin'),
  }),
  default: { days: [1, 2, 3, 4, 5], from: 7, to: 20, timeZone: 'UTC' },
  example: { days: [1, 2, 3, 4, 5, 6], from: 8, to: 18, timeZone: 'Europe/Berlin' },
  doc: 'Days (1 is Monday), hours and time zone in which somebody may start a deployment without its approvals and be no surprise; break-glass at another time is recorded as suspicious activity.',
  scopes: ['platform', 'tenant'],
});

export const suspicionSettings: readonly AnyHotSetting[] = [
  accountFailures,
  networkFailures,
  keyNetworks,
  missedIds,
  officeHours,
];

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}
