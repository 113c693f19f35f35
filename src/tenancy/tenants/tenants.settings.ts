import { z } from 'zod';
import { hotSetting } from '../../platform/settings/hot-setting.js';

export const tenantDays = hotSetting({
  key: 'retention.tenant-days',
  schema: z.int().min(0).max(3_650),
  default: 30,
  example: 90,
  doc: 'For how many days a deleted tenant can be restored. After that its rows, its artifacts and what it has on other servers are taken away for good. Counts for tenants that are deleted from then on.',
  scopes: ['platform'],
  weakens: (value, before) => value < before,
});
