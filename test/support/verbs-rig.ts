/** A Tidegate with scripted nodes in QA and a module with releases: for tests of the verbs. */
import type { Answer, Client } from './client.js';
import { withClient } from './database.js';
import { ScriptedNode } from './scripted-node.js';
import { TestService } from './service.js';
import { Tidegate } from './tidegate.js';

export interface Shown {
  readonly id: string;
  readonly kind: string;
  readonly originId: string | null;
  readonly status: string;
  readonly reason: string | null;
  readonly version: string;
  readonly revision: number;
  readonly gateCheck: { readonly step: string } | null;
  readonly strategy: { readonly kind: string };
}

interface Entry {
  readonly kind: string;
  readonly actor: string;
  readonly step: string | null;
  readonly data: Record<string, unknown>;
}

const over = ['Succeeded', 'Failed', 'RolledBack', 'RollbackFailed', 'Cancelled', 'Rejected'];

/** Opens only after an hour: a test ends it with the verb that it is about. */
export const endlessGate = {
  pollIntervalMs: 500,
  minWaitMs: 3_600_000,
  maxWaitMs: 7_200_000,
  trendAfterMs: 60_000,
};

export class VerbsRig {
  readonly nodes: ScriptedNode[] = [];
  private modules = 0;

  private constructor(
    readonly tidegate: Tidegate,
    readonly client: Client,
  ) {}

  static async start(nodeCount: number): Promise<VerbsRig> {
    const tidegate = await Tidegate.start({ mode: 'standalone' });
    const rig = new VerbsRig(tidegate, await tidegate.client());
    for (let number = 1; number <= nodeCount; number += 1) await rig.addNode(`scripted-${number}`);
    await rig.client.until('/nodes?limit=200', ({ items }: { items: { state: string }[] }) =>
      items.every(({ state }) => state === 'Healthy'),
    );
    return rig;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await this.tidegate.stop();
  }

  async addNode(name: string): Promise<ScriptedNode> {
    const node = new ScriptedNode(this.tidegate.url, name);
    await node.enroll(this.client);
    this.nodes.push(node);
    return node;
  }

  /** A new module with these versions; each test has its own slot and history. */
  async module(...versions: string[]): Promise<string> {
    this.modules += 1;
    const service = new TestService(this.client, `module-${this.modules}`, 8080);
    for (const version of versions) await service.push(version);
    return service.name;
  }

  post(moduleName: string, version: string, more: object = {}): Promise<Answer> {
    const body = { moduleName, version, targetEnvironment: 'QA', ...more };
    return this.client.post('/deployments', body);
  }

  /** Accepted, and followed to its end. */
  async deploy(moduleName: string, version: string, more: object = {}): Promise<Shown> {
    const direct = { strategy: { kind: 'direct' }, ...more };
    return this.ended(idOf(await this.post(moduleName, version, direct)));
  }

  /** A canary whose first gate is open and stays so. */
  async watched(moduleName: string, version: string): Promise<string> {
    const strategy = { kind: 'canary', wavesPercent: [50, 100] };
    const id = idOf(await this.post(moduleName, version, { strategy, gate: endlessGate }));
    await this.until(id, ({ gateCheck }) => gateCheck !== null);
    return id;
  }

  verb(id: string, verb: string, body: object = {}, headers?: Record<string, string>) {
    return this.client.post(`/deployments/${id}/${verb}`, body, headers);
  }

  until(id: string, wanted: (deployment: Shown) => boolean): Promise<Shown> {
    return this.client.until<Shown>(`/deployments/${id}`, wanted, 40_000);
  }

  ended(id: string): Promise<Shown> {
    return this.until(id, ({ status }) => over.includes(status));
  }

  /** What no client could do: the past, and other people's mistakes. */
  async sql<Row>(text: string, values: unknown[]): Promise<Row[]> {
    const { superuser } = this.tidegate.database;
    const { rows } = await withClient(superuser, (client) => client.query(text, values));
    return rows as Row[];
  }

  async journal(id: string): Promise<Entry[]> {
    const { body } = await this.client.get(`/deployments/${id}/events?limit=200`);
    return body.items as Entry[];
  }
}

export function idOf({ status, body }: Answer): string {
  if (status !== 202) throw new Error(`not accepted: ${status} ${JSON.stringify(body)}`);
  return body.id as string;
}
