/**
 * The table `runs`: the engine's clockwork, as who acts on a run or waits for it changes it. Its leases
 * are in leases.store.ts and claim-due.store.ts, the gates that are polled in gate-polls.store.ts.
 */
import type { RunKey } from '../../engine/run.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';

export const RUN_KIND = 'deployment';

export const deploymentRun = (tenantId: string, id: string): RunKey => ({
  kind: RUN_KIND,
  tenantId,
  id,
});

/** The parameters that name a run: a RunKey is just that. */
export type NamedRun = { readonly tenantId: string; readonly kind: string; readonly id: string };
export type FencedRun = NamedRun & { readonly fence: number };

/** A run that is due at once, for the statement that opens one. Fragment: :tenantId, :kind, :id, :lane. */
export const NEW_RUN = `insert into runs (tenant_id, kind, id, lane, wake_at)
  values (:tenantId, :kind, :id, :lane, clock_timestamp())`;

const DROP_GATE = statement<NamedRun & { readonly goesBack: boolean }>(
  'runs.drop-gate',
  `update runs set gate = null, polls_gate = false,
     lane = case when :goesBack then 'rollback' else lane end
   where tenant_id = :tenantId and kind = :kind and id = :id`,
);

/** The status has changed. A gate begins anew after a pause, and means nothing on the way back. */
export async function dropGate(
  open: OpenContext,
  { tenantId, kind, id }: RunKey,
  goesBack: boolean,
): Promise<void> {
  await open.tx.execute(DROP_GATE, { tenantId, kind, id, goesBack });
}

/** How far the gate of its open step has come. The caller acts on the run. */
export const saveRunGate = statement<NamedRun & { readonly gate: string }>(
  'runs.save-gate',
  `update runs set gate = :gate where tenant_id = :tenantId and kind = :kind and id = :id`,
);

/** A hint that must not be slept over. Fragment: NamedRun. */
export const POKE = `update runs set wake_at = clock_timestamp(), pokes = pokes + 1,
     polls_gate = false
   where tenant_id = :tenantId and kind = :kind and id = :id and wake_at is not null`;

export const pokeRun = statement<NamedRun>('runs.poke', POKE);

/** Many at once, in the order of their ids. */
export const pokeRuns = statement<{
  readonly tenantId: string;
  readonly kind: string;
  readonly ids: readonly string[];
}>(
  'runs.poke-many',
  `with those as materialized (
     select id from runs where tenant_id = :tenantId and kind = :kind and id = any(:ids::uuid[])
       and wake_at is not null
     order by id for update)
   update runs r set wake_at = clock_timestamp(), pokes = r.pokes + 1, polls_gate = false
   from those where r.tenant_id = :tenantId and r.kind = :kind and r.id = those.id`,
);

const POKE_HOLDERS = statement<
  {
    readonly tenantId: string;
    readonly clusterId: string;
    readonly moduleIds: readonly string[];
    readonly kind: string;
    readonly nodeId: string;
  },
  { readonly id: string }
>(
  'runs.poke-holders',
  `update runs r set wake_at = clock_timestamp(), pokes = r.pokes + 1, polls_gate = false
   from deployment_slots s
   join observed_modules o on o.tenant_id = s.tenant_id and o.node_id = :nodeId
     and o.module_id = s.module_id
   where s.tenant_id = :tenantId and s.cluster_id = :clusterId
     and s.module_id = any(:moduleIds::uuid[])
     and r.tenant_id = s.tenant_id and r.kind = :kind and r.id = s.holder_deployment_id
     and r.wake_at is not null and (not r.polls_gate or o.state = 'failed')
   returning r.id`,
);

export interface NodeNews {
  readonly nodeId: string;
  readonly clusterId: string;
  /** Of which the node has something new to say. */
  readonly moduleIds: readonly string[];
}

/** Whoever moves one of these modules there now, by id; who polls a gate, only for a failure. */
export async function pokeHolders(open: OpenContext, news: NodeNews): Promise<string[]> {
  const { nodeId, clusterId, moduleIds } = news;
  const { tenantId } = open;
  const asked = { tenantId, clusterId, moduleIds, kind: RUN_KIND, nodeId };
  return (await open.tx.query(POKE_HOLDERS, asked)).map(({ id }) => id);
}
