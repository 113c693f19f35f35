import { until, type Rig } from './rig.js';
import { moduleName, type BenchTenant } from './world.js';

/** One rollout that the engine itself has brought into its first gate. */
export async function openTemplate(rig: Rig, tenant: BenchTenant): Promise<string> {
  const id = await tenant.deploy(moduleName(0), tenant.fleet.clusters[0]!.name);
  await until('the first rollout watches its gate', async () => {
    const [run] = await rig.sql<{ pollsGate: boolean }>(
      `select polls_gate and (gate->>'n')::int > 0 as "pollsGate" from runs where id = $1`,
      [id],
    );
    return run?.pollsGate === true;
  });
  return id;
}
