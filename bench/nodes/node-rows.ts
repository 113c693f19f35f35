/** Nodes with keys of their own that run what they were told, as rows: nobody enrols a thousand for a bench. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { newId } from '../../src/kernel/ids.js';
import { publicKeyText } from '../../src/kernel/signature.js';
import { seedFleet } from '../../src/fleet/fleet.store.js';
import { Context } from '../../src/platform/context.js';
import type { Rig } from '../engine/rig.js';

export interface BenchModule {
  readonly moduleId: string;
  readonly releaseId: string;
}

export interface BenchNode {
  readonly tenantId: string;
  readonly nodeId: string;
  readonly privateKey: KeyObject;
  readonly modules: readonly BenchModule[];
}

export interface NodesWanted {
  readonly tenants: number;
  /** Of all tenants together. */
  readonly nodes: number;
  /** That each node runs. */
  readonly modules: number;
}

const RELEASE_DIGEST = `sha256:${'a'.repeat(64)}`;

export async function makeNodes(rig: Rig, wanted: NodesWanted): Promise<BenchNode[]> {
  const nodes: BenchNode[] = [];
  for (let at = 0; at < wanted.tenants; at += 1) {
    const count = Math.floor(((at + 1) * wanted.nodes) / wanted.tenants) - nodes.length;
    nodes.push(...(await makeTenant(rig, count, wanted.modules)));
  }
  await rig.sql('analyze');
  return nodes;
}

async function makeTenant(rig: Rig, count: number, modules: number): Promise<BenchNode[]> {
  const tenantId = newId();
  await rig.sql(`insert into tenants (id, slug, name) values ($1, $2, $2)`, [
    tenantId,
    `nodes-${tenantId.slice(-12)}`,
  ]);
  await rig.database.transaction(Context.system(tenantId, 'bench'), (open) => seedFleet(open));
  const made = await rig.sql<BenchModule>(MODULES_SQL, [tenantId, modules, RELEASE_DIGEST]);
  const nodes = Array.from({ length: count }, () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const row = { id: newId(), publicKey: publicKeyText(publicKey) };
    return { row, node: { tenantId, nodeId: row.id, privateKey, modules: made } };
  });
  await rig.sql(NODES_SQL, [tenantId, JSON.stringify(nodes.map(({ row }) => row))]);
  await rig.sql(DESIRED_SQL, [tenantId, RELEASE_DIGEST]);
  return nodes.map(({ node }) => node);
}

const MODULES_SQL = `
  with a as (
    insert into artifacts (tenant_id, artifact_digest, size, state) values ($1, $3, 8, 'ready')),
  m as (
    insert into modules (tenant_id, id, name)
    select $1::uuid, gen_random_uuid(), 'module-' || i from generate_series(1, $2::int) as i
    returning id)
  insert into releases (tenant_id, id, module_id, version, release_digest, artifact_digest,
    manifest_text, created_by)
  select $1::uuid, gen_random_uuid(), m.id, '1.0.0', $3, $3, '{"schema":1}', 'bench' from m
  returning module_id as "moduleId", id as "releaseId"`;

const NODES_SQL = `
  with c as (
    insert into clusters (tenant_id, id, environment_id, name, target_kind)
    select $1::uuid, gen_random_uuid(), id, 'bench', 'agent' from environments
    where tenant_id = $1::uuid and name = 'QA'
    returning id)
  insert into nodes (tenant_id, id, cluster_id, name, public_key, desired_revision)
  select $1::uuid, item.id, c.id, 'node-' || item.id, item."publicKey", 1
  from c, json_to_recordset($2::json) as item (id uuid, "publicKey" text)`;

// What the cluster runs, and what each node was told: the same deployment, so nobody has missed it.
const DESIRED_SQL = `
  with t as (
    insert into module_targets (tenant_id, cluster_id, module_id, release_id, deployment_id)
    select $1::uuid, c.id, r.module_id, r.id, gen_random_uuid()
    from clusters c, releases r
    where c.tenant_id = $1::uuid and c.name = 'bench' and r.tenant_id = $1::uuid
    returning cluster_id, module_id, release_id, deployment_id)
  insert into desired_modules (tenant_id, node_id, module_id, generation, releases, deployment_id)
  select $1::uuid, n.id, t.module_id, 1, jsonb_build_array(jsonb_build_object(
    'releaseId', t.release_id, 'releaseDigest', $2::text, 'configurationId', null,
    'trafficPercent', 100)), t.deployment_id
  from t join nodes n on n.tenant_id = $1::uuid and n.cluster_id = t.cluster_id`;
