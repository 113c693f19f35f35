import { eventType } from '../../platform/events/event.js';

/** From where. The subject of all but the last is a person's username, or `unknown`. */
type Origin = { readonly address: string };

/** `count`: so often since the entry before, which was told of by the first of them. */
export const loggedIn = eventType<
  Origin & { readonly method: string; readonly hasFactor: boolean; readonly count: number }
>({
  name: 'logged-in',
  subject: 'user',
  audit: 'authentication',
});

export const loggedOut = eventType<Origin>({
  name: 'logged-out',
  subject: 'user',
  audit: 'authentication',
});

export const refreshTokenReused = eventType<Origin>({
  name: 'refresh-token-reused',
  subject: 'user',
  audit: 'authentication',
});

export const loginFailed = eventType<Origin>({
  name: 'login-failed',
  subject: 'user',
  audit: 'authentication',
});

export const accountAttacked = eventType<Origin>({
  name: 'account-attacked',
  subject: 'user',
  audit: 'authentication',
});

export const addressThrottled = eventType<Origin>({
  name: 'address-throttled',
  subject: 'address',
  audit: 'authentication',
});
