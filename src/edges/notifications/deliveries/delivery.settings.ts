import { z } from 'zod';
import { hotSetting } from '../../../platform/settings/hot-setting.js';

const isShorter = (value: number, before: number) => value < before;

export const deliveryHours = hotSetting({
  key: 'notifications.delivery-hours',
  schema: z.int().min(1).max(72),
  default: 24,
  example: 48,
  doc: 'For how many hours a message is tried again that its receiver does not take. After that it is a dead letter, which can be sent again by hand. The same goes for what waits at a channel that is disabled.',
  scopes: ['platform', 'tenant'],
});

export const deliveryDays = hotSetting({
  key: 'retention.delivery-days',
  schema: z.int().min(1).max(365),
  default: 30,
  example: 90,
  doc: 'For how many days deliveries that are over, and what receivers said to them, are kept for whoever asks what was told.',
  scopes: ['platform'],
  weakens: isShorter,
});
