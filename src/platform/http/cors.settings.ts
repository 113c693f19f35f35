import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { originOf } from '../config/tls-settings.js';
import { hotSetting } from '../settings/hot-setting.js';

const origin = z.string().refine((value) => originOf(value) !== null, {
  error: 'origins as browsers write them: https://app.example, without a path, a slash or *',
});

export const corsOrigins = hotSetting<readonly string[]>({
  key: 'cors.origins',
  schema: z.array(origin).max(limits.corsOrigins).readonly(),
  default: [],
  example: ['https://console.example'],
  doc: 'Origins whose pages may call the API for this tenant from a browser, beside those of TIDEGATE_CORS_ORIGINS. Exactly these: no patterns. A page needs a token as anybody does.',
  scopes: ['tenant'],
  weakens: (value, before) => value.some((each) => !before.includes(each)),
});
