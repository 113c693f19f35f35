import { eventType } from '../../platform/events/event.js';

/** A platform admin has changed something in somebody else's tenant, or is about to. */
export const actedAsPlatformAdmin = eventType<{
  readonly method: string;
  readonly path: string;
  readonly reason: string;
}>({ name: 'acted-as-platform-admin', subject: 'tenant', audit: 'tenancy' });
