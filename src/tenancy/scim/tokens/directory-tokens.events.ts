import { eventType } from '../../../platform/events/event.js';
import type { DirectoryTokenEntity } from './directory-token.entity.js';

type Facts = {
  readonly name: string;
  readonly prefix: string;
  readonly allowedNetworks: readonly string[];
  readonly emailDomains: readonly string[];
  readonly expiresAt: string;
};

export const directoryTokenCreated = eventType<Facts>({
  name: 'directory-token-created',
  subject: 'directory-token',
  audit: 'access',
});

/** The subject is the new token. */
export const directoryTokenRotated = eventType<
  Facts & { readonly rotatedFrom: string; readonly overlapSeconds: number }
>({ name: 'directory-token-rotated', subject: 'directory-token', audit: 'access' });

export const directoryTokenRevoked = eventType<{ readonly name: string; readonly prefix: string }>({
  name: 'directory-token-revoked',
  subject: 'directory-token',
  audit: 'access',
});

export type DirectoryTokenFault = 'revoked' | 'expired' | 'network';

/** Shown and refused; once a minute, however often it comes. */
export const directoryTokenRefused = eventType<{
  readonly name: string;
  readonly reason: DirectoryTokenFault;
  readonly network: string;
}>({ name: 'directory-token-refused', subject: 'directory-token', audit: 'authentication' });

/** Never the token, nor its hash. */
export function factsOf(token: DirectoryTokenEntity): Facts {
  const { name, prefix, allowedNetworks, emailDomains, expiresAt } = token;
  return { name, prefix, allowedNetworks, emailDomains, expiresAt: expiresAt.toISOString() };
}
