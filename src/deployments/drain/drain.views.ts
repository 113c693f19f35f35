/** What keeps a node from being drained. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';

export interface HeldSlot {
  readonly deploymentId: string;
  readonly module: string;
}

const HELD = statement<{ readonly tenantId: string; readonly clusterId: string }, HeldSlot>(
  'drain.held-slots',
  `select s.holder_deployment_id as "deploymentId", m.name as module from deployment_slots s
   join modules m on m.tenant_id = s.tenant_id and m.id = s.module_id
   where s.tenant_id = :tenantId and s.cluster_id = :clusterId and s.holder_deployment_id is not null
   order by m.name`,
);

/** Rollouts that move something in the cluster now. */
export function heldSlots(open: OpenContext, clusterId: string): Promise<HeldSlot[]> {
  return open.tx.query(HELD, { tenantId: open.tenantId, clusterId });
}

const RUNS = statement<
  { readonly tenantId: string; readonly id: string },
  { readonly moduleId: string; readonly name: string }
>(
  'drain.modules-of-node',
  `select own.module_id as "moduleId", m.name from desired_modules own
   join modules m on m.tenant_id = own.tenant_id and m.id = own.module_id
   where own.tenant_id = :tenantId and own.node_id = :id and own.releases <> '[]'::jsonb
   order by m.name`,
);

/** What the node should run now. */
export function modulesOfNode(open: OpenContext, id: string) {
  return open.tx.query(RUNS, { tenantId: open.tenantId, id });
}

const RUN_BY = statement<
  { readonly tenantId: string; readonly clusterId: string; readonly moduleId: string },
  { readonly nodeId: string }
>(
  'drain.nodes-of-module',
  `select own.node_id as "nodeId" from nodes n
   join desired_modules own on own.tenant_id = n.tenant_id and own.node_id = n.id
     and own.module_id = :moduleId and own.releases <> '[]'::jsonb
   where n.tenant_id = :tenantId and n.cluster_id = :clusterId and n.revoked_at is null
   order by own.node_id`,
);

/** Those that are to run it: not one that is being drained and has not stopped yet. */
export async function nodesOfModule(
  open: OpenContext,
  clusterId: string,
  moduleId: string,
): Promise<string[]> {
  const rows = await open.tx.query(RUN_BY, { tenantId: open.tenantId, clusterId, moduleId });
  return rows.map(({ nodeId }) => nodeId);
}
