import { eventType } from '../../platform/events/event.js';
import type { TokenKeyOrigin } from './token-keys.store.js';

/** The subject is the key's thumbprint, its kid. */
export const tokenSigningKeyMade = eventType<{
  readonly origin: TokenKeyOrigin;
  readonly signsFrom: string;
}>({ name: 'token-signing-key-made', subject: 'token-signing-key', audit: 'authentication' });

export const tokenSigningKeyRevoked = eventType<{ readonly successor: string }>({
  name: 'token-signing-key-revoked',
  subject: 'token-signing-key',
  audit: 'authentication',
});
