import { eventType } from '../../platform/events/event.js';

type Facts = { readonly name: string; readonly description: string };

export const serviceAccountCreated = eventType<Facts>({
  name: 'service-account-created',
  subject: 'service-account',
  audit: 'access',
});

export const serviceAccountChanged = eventType<Facts>({
  name: 'service-account-changed',
  subject: 'service-account',
  audit: 'access',
});

export const serviceAccountDisabledEvent = eventType<{ readonly name: string }>({
  name: 'service-account-disabled',
  subject: 'service-account',
  audit: 'access',
});

export const serviceAccountEnabledEvent = eventType<{ readonly name: string }>({
  name: 'service-account-enabled',
  subject: 'service-account',
  audit: 'access',
});

export const serviceAccountDeleted = eventType<{
  readonly name: string;
  readonly keysRevoked: number;
  readonly rolesTaken: number;
}>({
  name: 'service-account-deleted',
  subject: 'service-account',
  audit: 'access',
});
