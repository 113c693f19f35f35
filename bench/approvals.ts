/**
 * What approvals cost: how long the list of what waits takes to read when very much does, and how long after the
 * last decision the first node is told, on an idle system and beside many open gates. The raw side is the least a
 * durable hand-over could do on this database in the same run.
 *
 * Told: the control plane's signal for the node has arrived, which is sent when the move has been committed.
 *
 *   npm run bench:approvals -- --help
 */
import { setTimeout as delay } from 'node:timers/promises';
import { newId } from '../src/kernel/ids.js';
import { readOptions } from '../test/support/options.js';
import { copyBakes } from './engine/copies.js';
import { percentile, printTable, spread } from './engine/figures.js';
import { metricsAhead } from './engine/metrics-ahead.js';
import { rawHandOver } from './engine/raw-hand-over.js';
import { Rig, until } from './engine/rig.js';
import { ScriptedFleet } from './engine/scripted-fleet.js';
import { oneByOne, steadyGate } from './engine/steady-gate.js';
import { openTemplate } from './engine/template.js';
import { makeWorld, moduleName, type BenchTenant } from './engine/world.js';

const options = readOptions('What waits for approvals, and what a decision takes.', {
  pending: [10_000, 'deployments of one tenant that wait for people', 1],
  reads: [100, 'of each list', 1],
  decisions: [200, 'measured for each row', 1],
  inflight: [2_400, 'rollouts in their bake beside the last row'],
  poll: [5_000, 'poll interval of the gates, ms'],
  pace: [100, 'ms between two decisions'],
  tenants: [20, 'that share the gates', 1],
  clusters: [60, 'of each', 2],
  limit: [100, 'ms within which 99 of 100 first pages come; 0: whatever it takes'],
});

const { tenants: TENANTS, clusters: CLUSTERS } = options;

interface Waiting {
  readonly approver: BenchTenant;
  readonly id: string;
  readonly subjectDigest: string;
  readonly nodeIds: readonly string[];
}

const rig = await Rig.start();
try {
  await rig.startApi();
  await rig.startWorker();
  const world = { tenants: TENANTS, clusters: CLUSTERS, nodes: 4, modules: 4 };
  const gate = steadyGate(options.poll);
  const tenants = await makeWorld(rig, { ...world, strategy: oneByOne, gate });
  const approvers = await Promise.all(tenants.map((tenant) => tenant.secondAdmin()));
  const fleet = await ScriptedFleet.start(rig);
  const deploymentId = await openTemplate(rig, tenants[0]!);
  const raw = await rawHandOver(rig, options.decisions);
  const waiting = await askFor(2 * options.decisions);
  const told = [
    ['', 'decision to told', 'the 200 itself'],
    ['raw', spread(raw), ''],
    ['idle', ...(await decideAll(waiting.splice(0, options.decisions)))],
  ];
  const copies = await copyBakes(rig, { tenant: tenants[0]!, deploymentId }, tenants, {
    perCluster: Math.ceil(options.inflight / TENANTS / CLUSTERS),
    pollMs: options.poll,
  });
  const seconds = Math.ceil((options.decisions * options.pace) / 1000);
  await metricsAhead(rig, copies, {
    pastSeconds: 30,
    aheadSeconds: 3 * seconds + 120,
    everyMs: 5_000,
    requestsPerSecond: 10,
  });
  await rig.sql('vacuum analyze');
  await delay(2 * options.poll);
  told.push([`${copies.length} in flight`, ...(await decideAll(waiting))]);
  printTable('From the last decision to the first node told', told);
  printTable(`${options.pending} wait for an approval`, await lists());

  /** Each on a target of its own: a newer one would take the place of an older one. */
  async function askFor(count: number): Promise<Waiting[]> {
    const made = await Promise.all(
      Array.from({ length: count }, async (_, at) => {
        const tenant = tenants[at % TENANTS]!;
        const place = Math.floor(at / TENANTS);
        const cluster = tenant.fleet.clusters[place % CLUSTERS]!;
        const module = moduleName(1 + Math.floor(place / CLUSTERS));
        const id = await tenant.deploy(module, cluster.name, { requireApproval: true });
        return { id, approver: approvers[at % TENANTS]!, nodeIds: cluster.nodeIds };
      }),
    );
    const ids = made.map(({ id }) => id);
    await until('people are asked', async () => (await askedOf(ids)).size === count, 120_000);
    const digests = await askedOf(ids);
    return made.map((one) => ({ ...one, subjectDigest: digests.get(one.id)! }));
  }

  async function askedOf(ids: readonly string[]): Promise<Map<string, string>> {
    const rows = await rig.sql<{ id: string; digest: string }>(
      `select d.id, d.subject_digest as digest from deployments d join runs r on r.id = d.id
       where d.id = any($1) and d.status = 'PendingApproval' and r.lease_until is null`,
      [ids],
    );
    return new Map(rows.map(({ id, digest }) => [id, digest]));
  }

  async function decideAll(those: readonly Waiting[]): Promise<string[]> {
    const toldMs: number[] = [];
    const answeredMs: number[] = [];
    for (const each of those) {
      const [after, answer] = await decide(each);
      toldMs.push(after);
      answeredMs.push(answer);
      await delay(options.pace);
    }
    const row = [spread(toldMs), spread(answeredMs)];
    console.error(row.join('  '));
    return row;
  }

  async function decide({ approver, id, subjectDigest, nodeIds }: Waiting) {
    for (const nodeId of nodeIds) fleet.toldAt.delete(nodeId);
    const asked = Date.now();
    const response = await approver.post(`/approvals/deployments/${id}/approve`, { subjectDigest });
    const answered = Date.now();
    if (response.status !== 200) throw new Error(`approve: ${await response.text()}`);
    await response.arrayBuffer();
    const toldAt = () => nodeIds.flatMap((nodeId) => fleet.toldAt.get(nodeId) ?? []);
    while (toldAt().length === 0) {
      if (Date.now() - answered > 60_000) throw new Error(`${id}: nobody was told in a minute`);
      await delay(1);
    }
    // The engine may be faster than the answer on its way back.
    return [Math.max(0, Math.min(...toldAt()) - answered), answered - asked] as const;
  }

  /** Copies of a request that the engine has made: nothing comes due of them. */
  async function lists(): Promise<string[][]> {
    const [tenant, approver] = [tenants[0]!, approvers[0]!];
    const cluster = tenant.fleet.clusters[0]!;
    const id = await tenant.deploy(moduleName(3), cluster.name, { requireApproval: true });
    await until('somebody is asked', async () => (await askedOf([id])).size === 1);
    for (let done = 0; done < options.pending; done += 1_000) {
      const count = Math.min(1_000, options.pending - done);
      const ids = Array.from({ length: count }, () => newId());
      for (const [table, column] of [
        ['deployments', 'id'],
        ['approval_requests', 'deployment_id'],
      ]) {
        await rig.sql(
          `insert into ${table} select (jsonb_populate_record(t, jsonb_build_object('${column}', own.id))).*
           from ${table} t, unnest($2::uuid[]) as own (id) where t.${column} = $1`,
          [id, ids],
        );
      }
    }
    await rig.sql('vacuum analyze');
    const first = await read(approver, '');
    const p99 = percentile(first, 99);
    if (options.limit > 0 && p99 > options.limit) process.exitCode = 1;
    return [
      ['GET /approvals/pending', ''],
      ['the first page of 50', spread(first)],
      ['of 200', spread(await read(approver, '?limit=200'))],
      ['mine=true', spread(await read(approver, '?mine=true'))],
      ['mine=true, of whoever has asked for all', spread(await read(tenant, '?mine=true'))],
      ['of a module that has none', spread(await read(approver, `?module=${moduleName(0)}`))],
    ];
  }

  async function read(by: BenchTenant, query: string): Promise<number[]> {
    const took: number[] = [];
    for (let at = 0; at < options.reads; at += 1) {
      const since = performance.now();
      await by.get(`/approvals/pending${query}`);
      took.push(performance.now() - since);
    }
    return took;
  }
} finally {
  await rig.stop();
}
