/** `provisioning`: not yet usable; `deleting`: it may come back until its time is over; `deleted`: purged. */
export const TENANT_STATUSES = [
  'provisioning',
  'active',
  'suspended',
  'deleting',
  'deleted',
] as const;
export type TenantStatus = (typeof TENANT_STATUSES)[number];

/** Whether nobody gets in any more, whoever they were. */
export function isGone(status: TenantStatus): boolean {
  return status === 'deleting' || status === 'deleted';
}
