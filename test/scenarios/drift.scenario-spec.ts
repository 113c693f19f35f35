import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { limits } from '../../src/kernel/limits.js';
import { eventually } from '../support/eventually.js';
import type { ScriptedNode } from '../support/scripted-node.js';
import { VerbsRig } from '../support/verbs-rig.js';

jest.setTimeout(90_000);

interface ShownNode {
  readonly state: string;
  readonly drift: boolean;
  readonly modules: readonly {
    readonly generation: number;
    readonly observedGeneration: number;
    readonly running: readonly unknown[];
    readonly drift: boolean;
  }[];
}

describe('a node beside its desired state', () => {
  let rig: VerbsRig;
  let node: ScriptedNode;
  let module: string;

  beforeAll(async () => {
    rig = await VerbsRig.start(1);
    node = rig.nodes[0]!;
    module = await rig.module('1.0.0');
    await rig.deploy(module, '1.0.0');
  });

  afterAll(() => rig?.stop());

  const until = (wanted: (shown: ShownNode) => boolean) =>
    rig.client.until<ShownNode>(`/nodes/${node.nodeId}`, wanted);

  /** As if it had been so for a while. */
  const later = () =>
    rig.sql(
      `with seen as (update observed_modules set at = at - interval '1 hour')
       update desired_modules set updated_at = updated_at - interval '1 hour'`,
      [],
    );

  it('is shown as drifted and told again under a new generation, until it is right', async () => {
    const before = await until(({ modules }) => modules[0]?.observedGeneration === 1);
    expect(before).toMatchObject({ drift: false, modules: [{ generation: 1, drift: false }] });
    // It forgets its release, and says to be healthy; a new generation makes it come to itself.
    node.script = ({ generation }) => (generation === 1 ? { running: [] } : {});
    await rig.client.until(`/nodes/${node.nodeId}`, ({ modules }: { modules: { running: [] }[] }) =>
      modules.every(({ running }) => running.length === 0),
    );
    await later();
    const after = await until(({ modules }) => modules[0]?.observedGeneration === 2);
    expect(after).toMatchObject({ drift: false, modules: [{ generation: 2, drift: false }] });
  });

  it('is told only so often, and stays shown and counted', async () => {
    node.script = () => ({ running: [] });
    // The first test has used one of the attempts, and generation 1 was the deployment's own.
    const most = 1 + limits.driftRepairs;
    for (let generation = 2; generation <= most; generation += 1) {
      await until(
        ({ modules: [own] }) => own?.observedGeneration === generation && own.running.length === 0,
      );
      await later();
    }
    const stuck = await until(({ drift }) => drift);
    expect(stuck.modules).toMatchObject([{ generation: most, drift: true }]);
    // The gauge follows with the node's next report.
    await eventually(async () => {
      const metrics = await fetch(`${rig.tidegate.url}/metrics`).then((answer) => answer.text());
      expect(metrics).toMatch(/^tidegate_nodes_drifted 1$/m);
    });
  });

  it('gets what its cluster runs by now when it comes back', async () => {
    node.script = () => ({});
    const other = await rig.addNode('scripted-new');
    await rig.client.until(
      `/nodes/${other.nodeId}`,
      ({ modules: [own] }: ShownNode) => own?.observedGeneration === 1,
    );
    expect(other.versions(module)).toEqual(['1.0.0']);
    await node.stop();
    await rig.sql(
      `update node_presence set last_report_at = last_report_at - interval '1 minute'
       where node_id = $1`,
      [node.nodeId],
    );
    await until(({ state }) => state === 'Lost');
    const second = await rig.module('5.0.0');
    expect(await rig.deploy(second, '5.0.0')).toMatchObject({ status: 'Succeeded' });
    expect(other.versions(second)).toEqual(['5.0.0']);
    node.start();
    await until(
      ({ modules }) =>
        modules.length === 2 && modules.every((own) => own.observedGeneration === own.generation),
    );
    expect(node.versions(second)).toEqual(['5.0.0']);
  });
});
