/**
 * How long a changed desired state takes to reach a parked agent: from the commit of a move to the
 * last byte of the signed statement, over real HTTP and PostgreSQL in one process with its clients.
 *
 *   npm run bench:desired -- --help
 */
import { ParkedNodes } from '../src/drivers/targets/agent/parked-nodes.js';
import { newId } from '../src/kernel/ids.js';
import { readOptions } from '../test/support/options.js';
import { startServers } from '../test/support/servers.js';
import { eventually, FleetApp, type TestAgent } from '../test/support/fleet-app.js';
import { endOnSignals } from './engine/ending.js';

const options = readOptions('From a move to the last byte of the signed statement.', {
  agents: [100, 'parked', 1],
  moves: [200, 'of a single node', 1],
  waves: [5, 'of all nodes', 1],
  limit: [1_000, 'ms within which 99 of 100 arrive; 0: whatever it takes'],
});
const servers = await startServers();
endOnSignals(() => servers.stop());
const fleet = await FleetApp.start();
try {
  const tenant = await fleet.tenant('bench');
  const module = await fleet.module(tenant);
  const agents: TestAgent[] = [];
  for (let at = 0; at < options.agents; at += 1) agents.push(await fleet.agent(tenant, `n-${at}`));
  const revisions = new Map(agents.map((agent) => [agent.nodeId, 0]));

  /** Moves these agents; answers how long each waited after the commit. */
  const measure = async (moved: readonly TestAgent[]): Promise<number[]> => {
    let committedAt = 0;
    const parked = fleet.get(ParkedNodes);
    const polls = moved.map(async (agent) => {
      const after = revisions.get(agent.nodeId)!;
      const answer = await agent.desired(after, 20_000);
      if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
      revisions.set(agent.nodeId, after + 1);
      return performance.now() - committedAt;
    });
    await eventually(() => parked.size === moved.length, 20_000);
    const release = module.releases[0]!;
    await fleet.inTenant(tenant.id, (open) =>
      fleet.target.move(open, {
        clusterId: moved[0]!.identity.clusterId,
        moduleId: module.id,
        deploymentId: newId(),
        assignments: moved.map(({ nodeId }) => ({
          nodeId,
          releases: [
            {
              releaseId: release.id,
              releaseDigest: release.releaseDigest,
              configurationId: null,
              trafficPercent: 100,
            },
          ],
        })),
        signatureRequired: false,
      }),
    );
    committedAt = performance.now();
    return Promise.all(polls);
  };

  const single: number[] = [];
  for (let at = 0; at < options.moves; at += 1) {
    single.push(...(await measure([agents[at % agents.length]!])));
  }
  const wave: number[] = [];
  for (let at = 0; at < options.waves; at += 1) wave.push(...(await measure(agents)));
  say('one node', single);
  say(`a wave of ${agents.length} nodes`, wave);
  const latest = Math.max(percentile(wave, 99), percentile(single, 99));
  if (options.limit > 0 && latest > options.limit) process.exitCode = 1;
} finally {
  await fleet.close();
  await servers.stop();
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)]!;
}

function say(what: string, values: readonly number[]): void {
  const figures = [50, 95, 99, 100].map((p) => `p${p} ${percentile(values, p).toFixed(1)} ms`);
  console.log(`${what}: ${values.length} changes, ${figures.join(', ')}`);
}
