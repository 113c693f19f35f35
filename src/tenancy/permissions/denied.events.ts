import { eventType } from '../../platform/events/event.js';

/** Somebody who is signed in has tried what they may not do; at most one a minute of each sort. */
export const accessDenied = eventType<{
  readonly code: string;
  /** What is missing, and where; null: it is not about that. */
  readonly permission: string | null;
  readonly module: string | null;
  readonly environment: string | null;
}>({ name: 'access-denied', subject: 'route', audit: 'authorization' });
