import { z } from 'zod';
import { hotSetting } from '../../platform/settings/hot-setting.js';

export const newerReplacesPending = hotSetting({
  key: 'approvals.newer-replaces-pending',
  schema: z.boolean(),
  default: true,
  example: false,
  doc: 'Whether a newer deployment of the same module to the same cluster takes the place of an older one that still waits for its approval: that one ends as Rejected, and says which is newer. Otherwise both wait, and the older one may be approved when everybody has forgotten it.',
  scopes: ['platform', 'tenant', 'environment'],
});
