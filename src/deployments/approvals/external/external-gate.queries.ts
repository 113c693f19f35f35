import type { OpenContext } from '../../../platform/context.js';
import { ExternalGateEntity } from './external-gate.entity.js';

/** Null: the tenant has none with that id. */
export function gateWith(open: OpenContext, id: string): Promise<ExternalGateEntity | null> {
  const { tenantId } = open;
  return open.tx.repository(ExternalGateEntity).findOneBy({ tenantId, id });
}
