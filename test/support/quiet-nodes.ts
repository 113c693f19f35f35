/** Scripted nodes and a module that runs nothing: rollouts that cost a busy machine little. */
import type { Client } from './client.js';
import { Rollouts, type Rollout } from './rollouts.js';
import { ScriptedNode } from './scripted-node.js';
import { TestService } from './service.js';
import { quickGate, type Tidegate } from './tidegate.js';

export class QuietNodes {
  private constructor(
    readonly nodes: readonly ScriptedNode[],
    readonly rollouts: Rollouts,
  ) {}

  static async join(tidegate: Tidegate, client: Client, count: number): Promise<QuietNodes> {
    const nodes = Array.from(
      { length: count },
      (_, at) => new ScriptedNode(tidegate.url, `quiet-${at + 1}`),
    );
    for (const node of nodes) await node.enroll(client);
    await client.until('/nodes?limit=200', ({ items }: { items: { state: string }[] }) =>
      items.every(({ state }) => state === 'Healthy'),
    );
    return new QuietNodes(nodes, new Rollouts(tidegate, client, quickGate));
  }

  /** Pushed modules with one version each. */
  static async modules(client: Client, ...names: string[]): Promise<void> {
    for (const name of names) await new TestService(client, name, 8080).push('1.0.0');
  }

  begin(module: string): Promise<string> {
    return this.rollouts.begin(module, '1.0.0', { strategy: { kind: 'direct' } });
  }

  ended(id: string): Promise<Rollout> {
    return this.rollouts.ended(id);
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}
