import { errorEntry } from '../../kernel/error-entry.js';

export const killSwitchOn = errorEntry({
  code: 'kill-switch-on',
  kind: 'conflict',
  meaning:
    'The kill switch of the tenant, or of the platform, is on: nothing goes forward. Rollbacks do. See `GET /kill-switch`.',
  tell: (detail: string) => ({
    text: `${detail}. Turn it off, or wait until somebody does: GET /api/v1/kill-switch.`,
  }),
});
