import { eventType } from '../../platform/events/event.js';

/** Somebody who is signed in has tried what they may not do; what is repeated is told by its count. */
export const accessDenied = eventType<{
  readonly code: string;
  /** What is missing, and where; null: it is not about that. */
  readonly permission: string | null;
  readonly module: string | null;
  readonly environment: string | null;
  readonly count: number;
}>({ name: 'access-denied', subject: 'route', audit: 'authorization' });

/** Bearer tokens that were forged, expired or revoked; so many from one network in a minute. */
export const tokensRefused = eventType<{ readonly network: string; readonly count: number }>({
  name: 'tokens-refused',
  subject: 'network',
  audit: 'authentication',
});

/** Somebody has asked for ids of nothing that is theirs. Counted, and no entry by itself. */
export const idsMissed = eventType<{ readonly count: number }>({
  name: 'ids-missed',
  subject: 'actor',
});
