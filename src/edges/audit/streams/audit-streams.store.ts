/** Audit streams as the sender knows them. */
import type { OpenContext } from '../../../platform/context.js';
import { AuditStreamEntity } from './audit-stream.entity.js';

/** Null: it is gone. */
export function streamRow(open: OpenContext, id: string): Promise<AuditStreamEntity | null> {
  return open.tx.repository(AuditStreamEntity).findOneBy({ tenantId: open.tenantId, id });
}
