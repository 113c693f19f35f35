/**
 * Many rollouts in their bake, as copies of the rows of a real one that the engine has brought there:
 * the same plan, journal and gate under other ids. Ten thousand openings would take minutes, and
 * what is measured here is the bake.
 */
import { newId } from '../../src/kernel/ids.js';
import type { Rig } from './rig.js';
import type { BenchTenant } from './world.js';

export interface Copied {
  readonly tenantId: string;
  readonly id: string;
  readonly moduleId: string;
  readonly nodeIds: readonly string[];
}

const BATCH = 500;
/** In the order of their foreign keys. `runs` is last: from then on they are polled. */
const TABLES = ['deployments', 'plans', 'journal', 'deployment_slots', 'gate_specs', 'runs'];

/** `perCluster` rollouts of modules of their own on each cluster, due within `pollMs`. */
export async function copyBakes(
  rig: Rig,
  from: { readonly tenant: BenchTenant; readonly deploymentId: string },
  tenants: readonly BenchTenant[],
  options: { readonly perCluster: number; readonly pollMs: number },
): Promise<Copied[]> {
  const template = await templateOf(rig, from.tenant, from.deploymentId);
  const copies: Copied[] = [];
  for (const tenant of tenants) {
    for (const cluster of tenant.fleet.clusters) {
      for (let done = 0; done < options.perCluster; done += BATCH) {
        const count = Math.min(BATCH, options.perCluster - done);
        const made = Array.from({ length: count }, () => ({
          tenantId: tenant.id,
          id: newId(),
          moduleId: newId(),
          nodeIds: cluster.nodeIds,
          environmentId: tenant.fleet.environmentId,
          clusterId: cluster.id,
        }));
        await insert(rig, template, made, options.pollMs);
        copies.push(...made);
      }
    }
  }
  return copies;
}

interface Place extends Copied {
  readonly environmentId: string;
  readonly clusterId: string;
}

interface Template {
  /** By table: its rows as text, and where each id stands in it. */
  readonly rows: ReadonlyMap<string, string>;
  readonly place: Place;
  readonly releaseId: string;
  readonly artifactDigest: string;
}

async function templateOf(rig: Rig, tenant: BenchTenant, id: string): Promise<Template> {
  const rows = new Map<string, string>();
  for (const table of TABLES) {
    const [row] = await rig.sql<{ rows: string }>(ROWS_SQL(table), [tenant.id, id]);
    rows.set(table, row!.rows);
  }
  const [own] = await rig.sql<{
    clusterId: string;
    moduleId: string;
    releaseId: string;
    artifactDigest: string;
  }>(
    `select d.cluster_id as "clusterId", d.module_id as "moduleId", d.release_id as "releaseId",
       r.artifact_digest as "artifactDigest"
     from deployments d join releases r on r.tenant_id = d.tenant_id and r.id = d.release_id
     where d.tenant_id = $1 and d.id = $2`,
    [tenant.id, id],
  );
  const { clusterId, moduleId, releaseId, artifactDigest } = own!;
  const nodeIds = tenant.fleet.clusters.find((each) => each.id === clusterId)!.nodeIds;
  const { environmentId } = tenant.fleet;
  const place = { tenantId: tenant.id, id, moduleId, nodeIds, environmentId, clusterId };
  return { rows, place, releaseId, artifactDigest };
}

const ROWS_SQL = (table: string) =>
  table === 'deployment_slots'
    ? `select jsonb_agg(t)::text as rows from deployment_slots t
       where tenant_id = $1 and holder_deployment_id = $2`
    : `select jsonb_agg(t)::text as rows from ${table} t
       where tenant_id = $1 and ${idColumn(table)} = $2`;

function idColumn(table: string): string {
  return ['deployments', 'runs'].includes(table) ? 'id' : 'deployment_id';
}

async function insert(
  rig: Rig,
  template: Template,
  places: readonly Place[],
  pollMs: number,
): Promise<void> {
  const releaseIds = places.map(() => newId());
  await rig.sql(MODULES_SQL, [
    places.map(({ tenantId }) => tenantId),
    places.map(({ moduleId }) => moduleId),
    releaseIds,
    template.artifactDigest,
  ]);
  for (const table of TABLES) {
    const texts = places.map((place, at) => moved(template, table, place, releaseIds[at]!));
    await rig.sql(
      `insert into ${table} select (jsonb_populate_record(null::${table}, item)).*
       from unnest($1::text[]) as list, jsonb_array_elements(list::jsonb) as item`,
      [texts],
    );
  }
  await rig.sql(
    `update runs set wake_at = clock_timestamp() + random() * $2::int * interval '1 millisecond',
       gate = jsonb_set(gate::jsonb, '{readTo}', to_jsonb(extract(epoch from clock_timestamp()) * 1000))
     where id = any($1)`,
    [places.map(({ id }) => id), pollMs],
  );
}

/** Ids are long and random: wherever one stands in the text, it is that id. */
function moved(template: Template, table: string, to: Place, releaseId: string): string {
  const { place: from } = template;
  const ids = new Map([
    [from.tenantId, to.tenantId] as const,
    [from.id, to.id] as const,
    [from.moduleId, to.moduleId] as const,
    [from.clusterId, to.clusterId] as const,
    [from.environmentId, to.environmentId] as const,
    [template.releaseId, releaseId] as const,
    ...from.nodeIds.map((nodeId, at) => [nodeId, to.nodeIds[at]!] as const),
  ]);
  return template.rows.get(table)!.replace(UUID, (id) => ids.get(id) ?? id);
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

const MODULES_SQL = `
  with given as (
    select * from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as t (tenant_id, id, release_id)),
  m as (
    insert into modules (tenant_id, id, name) select tenant_id, id, 'copy-' || id from given
    returning tenant_id, id),
  a as (
    insert into artifacts (tenant_id, artifact_digest, size, state)
    select distinct tenant_id, $4::text, 1, 'ready' from given
    on conflict do nothing)
  insert into releases (tenant_id, id, module_id, version, release_digest, artifact_digest,
    manifest_text, created_by)
  select g.tenant_id, g.release_id, g.id, '1.0.0', $4, $4,
    '{"schema":1,"run":{"command":"node","args":["server.js"]}}', 'bench'
  from given g join m using (tenant_id, id)`;
