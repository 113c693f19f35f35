import { eventType } from '../../platform/events/event.js';

export const signingKeyRegistered = eventType<{
  readonly name: string;
  readonly publicKey: string;
}>({ name: 'signing-key-registered', subject: 'signing-key', audit: 'release' });

export const signingKeyRevoked = eventType({
  name: 'signing-key-revoked',
  subject: 'signing-key',
  audit: 'release',
  delivered: true,
});
