import { z } from 'zod';
import { hotSetting } from '../../../platform/settings/hot-setting.js';

export const streamBehindMinutes = hotSetting({
  key: 'audit.stream-behind-minutes',
  schema: z
    .int()
    .min(1)
    .max(24 * 60),
  default: 15,
  example: 60,
  doc: 'For how many minutes the receiver of an audit stream may be behind the log before that is an alarm (`audit-stream-behind`). Nothing is lost meanwhile: it is tried for as long as it takes.',
  scopes: ['platform', 'tenant'],
});
