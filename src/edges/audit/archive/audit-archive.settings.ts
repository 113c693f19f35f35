import { z } from 'zod';
import { hotSetting } from '../../../platform/settings/hot-setting.js';

export const auditDays = hotSetting({
  key: 'retention.audit-days',
  schema: z.int().min(7).max(36_500),
  default: 90,
  example: 365,
  doc: 'For how many days entries of the audit log are shown and exported. Of the whole platform: for how many days they are in the database; a month that is older lies in the archive, from which a tenant that has set more days reads. Nothing is taken out of the archive by it.',
  scopes: ['platform', 'tenant'],
  weakens: (value, before) => value < before,
});
