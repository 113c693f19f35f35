/** What has been asked for since, on the same module and cluster. */
import type { RunStatus } from '../../../engine/run.js';
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import { activeStatuses } from '../../deployment.states.js';

const NEWER = statement<
  {
    readonly tenantId: string;
    readonly id: string;
    readonly statuses: readonly RunStatus[];
  },
  { readonly id: string }
>(
  'approval-requests.newer-on-slot',
  `select newer.id from deployments own
   join deployments newer on newer.tenant_id = own.tenant_id and newer.cluster_id = own.cluster_id
     and newer.module_id = own.module_id and newer.id > own.id
   where own.tenant_id = :tenantId and own.id = :id
     and (newer.status = any(:statuses::text[]) or newer.status = 'Succeeded')
   order by newer.id desc limit 1`,
);

/** The newest one that is under way or in force; undefined: there is none. */
export async function newerOnSlot(open: OpenContext, id: string): Promise<string | undefined> {
  const asked = { tenantId: open.tenantId, id, statuses: activeStatuses };
  return (await open.tx.first(NEWER, asked))?.id;
}
