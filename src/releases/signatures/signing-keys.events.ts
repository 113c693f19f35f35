import { eventType } from '../../platform/events/event.js';

export const signingKeyRegistered = eventType<{
  readonly name: string;
  readonly publicKey: string;
}>({ name: 'signing-key-registered', subject: 'signing-key', audit: 'release' });

/** Who has read which keys releases are signed with. */
export const signingKeysRead = eventType<{ readonly count: number }>({
  name: 'signing-keys-read',
  subject: 'tenant',
  audit: 'access',
});

export const signingKeyRevoked = eventType({
  name: 'signing-key-revoked',
  subject: 'signing-key',
  audit: 'release',
  delivered: true,
});
