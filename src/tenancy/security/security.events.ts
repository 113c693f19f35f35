import { eventType } from '../../platform/events/event.js';

/** The subject is the tenant. */
export const securityPolicyChanged = eventType<{
  readonly mfaRequiredRoles: readonly string[];
  readonly allowedNetworks: readonly string[];
  readonly isForced: boolean;
}>({ name: 'security-policy-changed', subject: 'tenant', audit: 'settings' });

/** The subject is a person's username: all they have shown was right, but from elsewhere. */
export const networkRefused = eventType<{ readonly address: string }>({
  name: 'network-refused',
  subject: 'user',
  audit: 'authentication',
});
