import { eventType } from '../../platform/events/event.js';

/** From where. The subject is the person's username. */
type Origin = { readonly address: string };

export const passwordChanged = eventType<Origin>({
  name: 'password-changed',
  subject: 'user',
  audit: 'authentication',
});

export const passwordResetRequested = eventType<Origin>({
  name: 'password-reset-requested',
  subject: 'user',
  audit: 'authentication',
});

export const passwordReset = eventType<Origin>({
  name: 'password-reset',
  subject: 'user',
  audit: 'authentication',
});
