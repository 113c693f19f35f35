/** A rig full of rollouts in their bake, without a worker yet: whoever measures starts them. */
import { copyBakes } from './copies.js';
import { pollDrift } from './measure.js';
import { metricsAhead } from './metrics-ahead.js';
import { openTemplate } from './template.js';
import { Rig } from './rig.js';
import { ScriptedFleet } from './scripted-fleet.js';
import { steadyGate } from './steady-gate.js';
import { makeWorld } from './world.js';

export interface BakesOptions {
  readonly size: number;
  readonly tenants: number;
  readonly nodes: number;
  readonly poll: number;
  /** How long the nodes' figures reach, from now. */
  readonly aheadSeconds: number;
  readonly reportMs?: number;
  readonly requestsPerSecond?: number;
  readonly postgres?: Readonly<Record<string, string>>;
}

export async function openBakes(options: BakesOptions): Promise<Rig> {
  const { size, tenants: tenantCount, nodes, poll, aheadSeconds, postgres } = options;
  const rig = await Rig.start(postgres ? { postgres } : {});
  try {
    await rig.startApi();
    const worker = await rig.startWorker();
    const tenants = await makeWorld(rig, {
      tenants: tenantCount,
      clusters: 1,
      nodes,
      modules: 1,
      strategy: { kind: 'canary', wavesCount: [1] },
      gate: steadyGate(poll),
    });
    const fleet = await ScriptedFleet.start(rig);
    const deploymentId = await openTemplate(rig, tenants[0]!);
    await worker.stop();
    await fleet.stop();
    rig.workers.length = 0;
    const copies = await copyBakes(rig, { tenant: tenants[0]!, deploymentId }, tenants, {
      perCluster: Math.ceil(size / tenantCount),
      pollMs: poll,
    });
    await metricsAhead(rig, copies, {
      pastSeconds: 20,
      aheadSeconds,
      everyMs: options.reportMs ?? 5_000,
      requestsPerSecond: options.requestsPerSecond ?? 10,
    });
    await rig.sql('vacuum analyze');
    await rig.sql('checkpoint');
    await rig.sql(SPREAD_SQL, [poll]);
    return rig;
  } catch (error) {
    await rig.stop();
    throw error;
  }
}

// As if each had been opened at a time of its own.
const SPREAD_SQL = `
  update runs set wake_at = clock_timestamp() + random() * $1::int * interval '1 millisecond',
    gate = jsonb_set(gate::jsonb, '{readTo}', to_jsonb(extract(epoch from clock_timestamp()) * 1000))
  where polls_gate`;

export async function pollLine(
  rig: Rig,
  pollMs: number,
  seconds: number,
): Promise<{ polls: number; late: string }> {
  const { count, p50, p99, most } = await pollDrift(rig, pollMs, seconds);
  const late = `p50 ${p50.toFixed(0)}, p99 ${p99.toFixed(0)}, most ${most.toFixed(0)} ms`;
  return { polls: count, late };
}
