/** The end of provisioning, in the tenant's own transaction. */
import type { OpenContext } from '../../platform/context.js';
import { TenantEntity } from './tenant.entity.js';
import { tenantNotProvisioned, tenantProvisioned } from './tenants.events.js';

/** Does nothing when it is open already. */
export async function openProvisioned(open: OpenContext, steps: readonly string[]): Promise<void> {
  const { affected } = await open.tx
    .repository(TenantEntity)
    .update(
      { id: open.tenantId, status: 'provisioning' },
      { status: 'active', provisionedAt: new Date() },
    );
  if (affected) await open.record(tenantProvisioned(open.tenantId, { steps }));
}

/** Everything was taken back; the tenant waits for another attempt. */
export async function noteNotProvisioned(open: OpenContext, reason: string): Promise<void> {
  await open.record(tenantNotProvisioned(open.tenantId, { reason }, 'failed'));
}
