import { eventType } from '../../platform/events/event.js';

/** From where. The subject of all is the person's username. */
type Origin = { readonly address: string };

export const sessionEnded = eventType<Origin>({
  name: 'session-ended',
  subject: 'user',
  audit: 'authentication',
});

export const loggedOutEverywhere = eventType<Origin>({
  name: 'logged-out-everywhere',
  subject: 'user',
  audit: 'authentication',
});

/** Recorded where the person goes. */
export const tenantSwitched = eventType<Origin & { readonly from: string }>({
  name: 'tenant-switched',
  subject: 'user',
  audit: 'authentication',
});

/** What is shown beside the username. */
export const accountRenamed = eventType<Origin>({
  name: 'account-renamed',
  subject: 'user',
  audit: 'authentication',
});

/** The address stays until the link that was mailed is opened. */
export const emailChangeRequested = eventType<Origin>({
  name: 'email-change-requested',
  subject: 'user',
  audit: 'authentication',
});

export const emailChanged = eventType<Origin>({
  name: 'email-changed',
  subject: 'user',
  audit: 'authentication',
});
