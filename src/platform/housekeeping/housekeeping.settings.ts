import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { hotSetting } from '../settings/hot-setting.js';

const days = (least: number, most: number) => z.int().min(least).max(most);
/** What is gone cannot be asked about. */
const isShorter = (value: number, before: number) => value < before;

export const credentialDays = hotSetting({
  key: 'retention.credential-days',
  schema: days(1, 365),
  default: 7,
  example: 30,
  doc: 'For how many days a credential that was used or is over (sessions, invitations, links) is kept, for whoever asks what happened.',
  scopes: ['platform'],
  weakens: isShorter,
});

export const eventDays = hotSetting({
  key: 'retention.event-days',
  schema: days(1, 90),
  default: 7,
  example: 14,
  doc: 'For how many days events that every consumer has got are kept, for whoever asks what was delivered.',
  scopes: ['platform'],
  weakens: isShorter,
});

export const idempotencyDays = hotSetting({
  key: 'retention.idempotency-days',
  schema: days(limits.idempotencyDays, 90),
  default: limits.idempotencyDays,
  example: 14,
  doc: 'For how many days the answer to a request with an `Idempotency-Key` is kept. Clients are promised seven.',
  scopes: ['platform'],
});
