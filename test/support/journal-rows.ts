/** Deployments and their journals as rows: what the engine would write, without nodes. */
import { newId } from '../../src/kernel/ids.js';
import { Signal } from '../../src/platform/signal/signal.js';
import { Topic } from '../../src/platform/signal/topics.js';
import type { WholeApp } from './whole-app.js';

export interface Rows {
  readonly tenantId: string;
  readonly environmentId: string;
  readonly clusterId: string;
  readonly moduleId: string;
  readonly releaseId: string;
}

const DIGEST = `sha256:${'0'.repeat(64)}`;

/** What a deployment's row refers to. */
export async function releaseRows(whole: WholeApp, tenantId: string): Promise<Rows> {
  const [environmentId, clusterId, moduleId, releaseId] = [newId(), newId(), newId(), newId()];
  await whole.inTenant(tenantId, async (open) => {
    await open.tx.execute(
      `insert into environments (tenant_id, id, name, name_key, defaults, allowed_strategies,
         signature_policy) values ($1, $2, 'Rows', 'rows', '{}', '{direct}', 'if-present')`,
      [tenantId, environmentId],
    );
    await open.tx.execute(
      `insert into clusters (tenant_id, id, environment_id, name, target_kind)
       values ($1, $2, $3, 'rows', 'agent')`,
      [tenantId, clusterId, environmentId],
    );
    await open.tx.execute(`insert into modules (tenant_id, id, name) values ($1, $2, 'rows')`, [
      tenantId,
      moduleId,
    ]);
    await open.tx.execute(
      `insert into artifacts (tenant_id, artifact_digest, size, state) values ($1, $2, 1, 'ready')`,
      [tenantId, DIGEST],
    );
    await open.tx.execute(
      `insert into releases (tenant_id, id, module_id, version, release_digest, artifact_digest,
         manifest_text, created_by) values ($1, $2, $3, '1', $4, $4, '{}', 'test')`,
      [tenantId, releaseId, moduleId, DIGEST],
    );
  });
  return { tenantId, environmentId, clusterId, moduleId, releaseId };
}

/** A pending deployment with one entry in its journal and a run that nobody takes. */
export async function deploymentRow(whole: WholeApp, rows: Rows): Promise<string> {
  const id = newId();
  const { tenantId } = rows;
  await whole.inTenant(tenantId, async (open) => {
    await open.tx.execute(
      `insert into deployments (tenant_id, id, environment_id, cluster_id, module_id, release_id,
         strategy, status, spec_text, subject_digest, requested_by, journal_seq)
       values ($1, $2, $3, $4, $5, $6, 'direct', 'Pending', '{}', $7, 'test', 1)`,
      [tenantId, id, rows.environmentId, rows.clusterId, rows.moduleId, rows.releaseId, DIGEST],
    );
    await open.tx.execute(`insert into runs (tenant_id, kind, id) values ($1, 'deployment', $2)`, [
      tenantId,
      id,
    ]);
    await open.tx.execute(
      `insert into journal (tenant_id, deployment_id, seq, at, plan_number, kind, actor, data)
       values ($1, $2, 1, clock_timestamp(), 0, 'created', 'test',
         '{"status": "Pending", "previousStatus": null}')`,
      [tenantId, id],
    );
  });
  return id;
}

export interface Entries {
  readonly count: number;
  /** The last of them says this; the others are notes. */
  readonly status?: string;
  /** False: as if the signal had been lost. */
  readonly isSignalled?: boolean;
}

/** Adds entries in one transaction, and says so after the commit. Returns the last sequence. */
export async function addEntries(
  whole: WholeApp,
  tenantId: string,
  id: string,
  { count, status, isSignalled = true }: Entries,
): Promise<number> {
  const last = await whole.inTenant(tenantId, async (open) => {
    const [row] = await open.tx.query<{ last: number; before: string }>(
      `update deployments d set journal_seq = old.journal_seq + $3, status = coalesce($4, d.status),
         finished_at = case when $4 = 'Succeeded' then clock_timestamp() end
       from deployments old where old.tenant_id = d.tenant_id and old.id = d.id
         and d.tenant_id = $1 and d.id = $2
       returning d.journal_seq as last, old.status as before`,
      [tenantId, id, count, status ?? null],
    );
    await open.tx.execute(
      `insert into journal (tenant_id, deployment_id, seq, at, plan_number, step_id, kind, actor, data)
       select $1, $2, n, clock_timestamp(), 1,
         case when n = $4 and $5::text is not null then null else 'w1.move' end,
         case when n < $4 or $5::text is null then 'step-note'
           when $5 = 'Succeeded' then 'finished' else 'status-changed' end,
         'test',
         case when n = $4 and $5::text is not null
           then jsonb_build_object('status', $5::text, 'previousStatus', $6::text) else '{}' end
       from generate_series($3::int, $4::int) n`,
      [tenantId, id, row!.last - count + 1, row!.last, status ?? null, row!.before],
    );
    return row!.last;
  });
  if (isSignalled) whole.get(Signal).publish(Topic.Deployment, id);
  return last;
}
