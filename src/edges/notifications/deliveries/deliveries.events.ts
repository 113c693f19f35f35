import { eventType } from '../../../platform/events/event.js';

export const deliveryRedelivered = eventType<{
  readonly channelId: string;
  readonly event: string;
}>({ name: 'delivery-redelivered', subject: 'delivery', audit: 'settings' });
