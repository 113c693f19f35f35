import { eventType } from '../../platform/events/event.js';
import { Topic } from '../../platform/signal/topics.js';
import type { QuotaOverrides } from '../tiers/tier.js';

/** A platform admin has changed something in somebody else's tenant, or is about to. */
export const actedAsPlatformAdmin = eventType<{
  readonly method: string;
  readonly path: string;
  readonly reason: string;
}>({ name: 'acted-as-platform-admin', subject: 'tenant', audit: 'tenant' });

/**
 * A platform admin has looked into somebody else's tenant: `count` times since the entry before, at this
 * kind of thing.
 */
export const lookedAsPlatformAdmin = eventType<{
  readonly kind: string;
  readonly count: number;
}>({ name: 'looked-as-platform-admin', subject: 'tenant', audit: 'tenant' });

/**
 * Acting there, a platform admin has changed who the tenant's people are, what they may do, or who must
 * agree before something starts: its Admins are told.
 */
export const actedOnPeople = eventType<{
  readonly event: string;
  readonly what: { readonly kind: string; readonly id: string };
  readonly by: { readonly personId: string | null; readonly username: string };
}>({ name: 'acted-on-people', subject: 'tenant', audit: 'tenant', delivered: true });

/** All of these stand in the tenant's own log, and follow it to its end. */
const decided = <Body extends Readonly<Record<string, unknown>>>(name: string) =>
  eventType<Body>({ name, subject: 'tenant', audit: 'tenant', hint: Topic.Tenant });

export interface Subscription {
  readonly tier: string;
  readonly quotaOverrides: QuotaOverrides;
}

export const tenantCreated = decided<{
  readonly slug: string;
  readonly name: string;
  readonly tier: string;
  readonly provisions: readonly string[];
}>('tenant-created');
type Name = { readonly name: string };
export const tenantRenamed = decided<{ readonly before: Name; readonly after: Name }>(
  'tenant-renamed',
);
export const tenantSubscribed = decided<{
  readonly before: Subscription;
  readonly after: Subscription;
}>('tenant-subscribed');
export const tenantWasSuspended = decided<{ readonly reason: string }>('tenant-suspended');
export const tenantActivated = decided<{ readonly suspendedFor: string | null }>(
  'tenant-activated',
);
export const tenantDeleted = decided<{ readonly restorableUntil: string }>('tenant-deleted');
export const tenantRestored = decided('tenant-restored');
export const tenantProvisioning = decided('tenant-provisioning-began');
export const tenantProvisioned = decided<{ readonly steps: readonly string[] }>(
  'tenant-provisioned',
);
export const tenantNotProvisioned = decided<{ readonly reason: string }>('tenant-not-provisioned');
export const tenantSecretTaken = decided<{ readonly kind: string; readonly isNew: boolean }>(
  'tenant-credentials-shown',
);

/** In the log of the reserved tenant: nothing of the tenant's own is left. */
export const tenantPurged = decided<{ readonly slug: string }>('tenant-purged');
