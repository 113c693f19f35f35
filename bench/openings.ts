/**
 * A thousand deployments posted at once, over many tenants: until the first node of each is told.
 * The raw side is `POST` alone: until all are accepted.
 *
 *   npm run bench:openings -- --help
 */
import { cpuOf, spentSince } from './engine/cpu.js';
import { printTable, spread } from './engine/figures.js';
import { readOptions } from '../test/support/options.js';
import { Rig, until } from './engine/rig.js';
import { forgetStatements, printStatements, WITH_STATEMENTS } from './engine/statements.js';
import { ScriptedFleet } from './engine/scripted-fleet.js';
import { oneByOne, steadyGate } from './engine/steady-gate.js';
import { makeWorld, moduleName } from './engine/world.js';

const options = readOptions('Deployments posted at once, until the first node of each is told.', {
  deployments: [1_000, 'posted at once'],
  tenants: [20, 'tenants that share them'],
  runs: [3, 'how often; each with modules of its own'],
  workers: [1, 'worker processes'],
  statements: [0, '1: also where the time of PostgreSQL goes, which costs some itself'],
});

const perTenant = Math.ceil(options.deployments / options.tenants);
const rig = await Rig.start(options.statements ? { postgres: WITH_STATEMENTS } : {});
try {
  await rig.startApi();
  for (let at = 0; at < options.workers; at += 1) await rig.startWorker();
  const tenants = await makeWorld(rig, {
    tenants: options.tenants,
    clusters: perTenant,
    nodes: 2,
    modules: options.runs + 1,
    strategy: oneByOne,
    gate: steadyGate(30_000),
  });
  const fleet = await ScriptedFleet.start(rig);
  const rows = [
    ['run', 'all accepted', 'all told', 'post to told', 'told per second', 'asked again', 'CPU'],
  ];
  for (let run = 1; run <= options.runs; run += 1) {
    if (options.statements) await forgetStatements(rig);
    const before = await cpuOf(rig);
    rows.push([String(run), ...(await open(run)), spentSince(before, await cpuOf(rig))]);
    if (options.statements) await printStatements(rig, 1);
  }
  printTable(`${perTenant * options.tenants} deployments over ${options.tenants} tenants`, rows);

  async function open(run: number): Promise<string[]> {
    fleet.toldAt.clear();
    const places = tenants.flatMap((tenant) =>
      tenant.fleet.clusters.map((cluster) => ({ tenant, cluster })),
    );
    const since = Date.now();
    await Promise.all(
      places.map(({ tenant, cluster }) => tenant.deploy(moduleName(run), cluster.name)),
    );
    const acceptedMs = Date.now() - since;
    const toldOf = ({ cluster }: (typeof places)[number]) =>
      cluster.nodeIds.flatMap((nodeId) => fleet.toldAt.get(nodeId) ?? []);
    await until(
      'every deployment has told a node',
      async () => places.every((place) => toldOf(place).length > 0),
      300_000,
    );
    const told = places.map((place) => Math.min(...toldOf(place)) - since);
    const last = Math.max(...told);
    return [
      `${(acceptedMs / 1000).toFixed(1)} s`,
      `${(last / 1000).toFixed(1)} s`,
      spread(told),
      ((told.length * 1000) / last).toFixed(0),
      String(tenants.reduce((sum, tenant) => sum + tenant.turnedAway, 0)),
    ];
  }
} finally {
  await rig.stop();
}
