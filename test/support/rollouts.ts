/** Rollouts as a test wants to see them: asked for over the API, judged by what was written. */
import { readFile } from 'node:fs/promises';
import { expect } from '@jest/globals';
import { deploymentStates } from '../../src/deployments/deployment.states.js';
import type { RunStatus } from '../../src/engine/run.js';
import type { Answer, Client } from './client.js';
import { withClient } from './database.js';
import { journalFaults, type Entry } from './journal-faults.js';
import type { Tidegate } from './tidegate.js';

export interface Rollout {
  readonly id: string;
  readonly status: RunStatus;
  readonly reason: string | null;
  readonly createdAt: string;
  readonly waitingOn: { readonly kind: string } | null;
  readonly gateCheck: { readonly step: string } | null;
}

export type { Entry };

const PATIENCE_MS = 90_000;

export class Rollouts {
  constructor(
    private readonly tidegate: Tidegate,
    private readonly client: Client,
    private readonly gate: object,
  ) {}

  post(moduleName: string, version: string, more: object = {}, key?: string): Promise<Answer> {
    return this.client.post(
      '/deployments',
      { moduleName, version, targetEnvironment: 'QA', gate: this.gate, ...more },
      key ? { 'idempotency-key': key } : {},
    );
  }

  /** Accepted; answers its id. */
  async begin(moduleName: string, version: string, more: object = {}): Promise<string> {
    const { status, body } = await this.post(moduleName, version, more);
    expect({ status, body }).toMatchObject({ status: 202 });
    return body.id as string;
  }

  until(id: string, wanted: (rollout: Rollout) => boolean): Promise<Rollout> {
    return this.client.until<Rollout>(`/deployments/${id}`, wanted, PATIENCE_MS);
  }

  converging(id: string): Promise<Rollout> {
    return this.until(id, ({ waitingOn }) => waitingOn?.kind === 'converge');
  }

  watching(id: string): Promise<Rollout> {
    return this.until(id, ({ gateCheck }) => gateCheck !== null);
  }

  ended(id: string): Promise<Rollout> {
    return this.until(id, ({ status }) => deploymentStates.isTerminal(status));
  }

  /** The way it ended; the whole journal stands in the message when it is another one. */
  async expectEnd(id: string, status: RunStatus): Promise<Entry[]> {
    const end = await this.ended(id);
    const journal = await this.journal(id);
    if (end.status !== status) {
      const story = journal.map(({ kind, stepId, data }) => ({ kind, stepId, data }));
      throw new Error(`${end.status} (${end.reason}), not ${status}:\n${JSON.stringify(story)}`);
    }
    expectLegal(journal);
    return journal;
  }

  journal(id: string): Promise<Entry[]> {
    return this.rows<Entry>(
      `select seq, at, plan_number as "planNumber", step_id as "stepId", attempt, kind, data
       from journal where deployment_id = $1 order by seq`,
      [id],
    );
  }

  /** Asked past the API and row-level security. */
  rows<T extends object>(sql: string, params: unknown[] = []): Promise<T[]> {
    return withClient(this.tidegate.database.superuser, async (client) => {
      const { rows } = await client.query<T>(sql, params);
      return rows;
    });
  }

  /** The names of the nodes that a wave moves, in the order of the plan. */
  async waveNodes(id: string, wave: number): Promise<string[]> {
    const [plan] = await this.rows<{ body: string }>(
      `select body_text as body from plans where deployment_id = $1 and role = 'forward'
       order by number desc limit 1`,
      [id],
    );
    const { steps } = JSON.parse(plan!.body) as {
      steps: { id: string; params: { nodes: { name: string }[] } }[];
    };
    const move = steps.find((step) => step.id === `w${wave}.move`);
    return move!.params.nodes.map(({ name }) => name);
  }

  /** What each node was told and what it answered, by name: a node moved once has both at one. */
  async generations(moduleName: string): Promise<Record<string, [number, number]>> {
    const rows = await this.rows<{ name: string; told: string; said: string }>(
      `select n.name, d.generation as told, o.generation as said from nodes n
       join modules m on m.name = $1
       join desired_modules d on d.node_id = n.id and d.module_id = m.id
       join observed_modules o on o.node_id = n.id and o.module_id = m.id order by n.name`,
      [moduleName],
    );
    return Object.fromEntries(rows.map((row) => [row.name, [Number(row.told), Number(row.said)]]));
  }
}

/** Throws what is wrong with the journal of a deployment that is over. */
export function expectLegal(journal: readonly Entry[]): void {
  expect(journalFaults(journal)).toEqual([]);
}

/** How often each node started each version, by a service's diary: `node-1 2.0.0` → 1. */
export async function startsIn(diary: string): Promise<Record<string, number>> {
  const starts: Record<string, number> = {};
  const text = await readFile(diary, 'utf8').catch(() => '');
  for (const line of text.split('\n').filter(Boolean)) {
    const [version = ''] = line.split(' ');
    const key = `${/node-\d+/.exec(line)?.[0]} ${version}`;
    starts[key] = (starts[key] ?? 0) + 1;
  }
  return starts;
}

/** What is needed to see the same again; jest hides nothing of stderr. */
export function say(text: string): void {
  process.stderr.write(`    ${text}\n`);
}
