/** What runs is broken, and a good release is to take its place: nothing of the old may be in its way. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import type { Client } from '../support/client.js';
import { freePort } from '../support/free-port.js';
import { nodeOffsets, type TestNode } from '../support/nodes.js';
import { storyOf } from '../support/deployment-story.js';
import { TestService } from '../support/service.js';
import { Tidegate } from '../support/tidegate.js';

jest.setTimeout(120_000);

interface Deployment {
  readonly id: string;
  readonly status: string;
  readonly reason: string | null;
  readonly waitingOn: { readonly kind: string; readonly detail: string } | null;
}

interface Event {
  readonly kind: string;
  readonly step: string | null;
  readonly data: Record<string, unknown>;
}

interface NodePage {
  readonly items: readonly {
    readonly name: string;
    readonly modules: readonly {
      readonly name: string;
      readonly drift: boolean;
      readonly running: readonly { readonly version: string }[];
      readonly reason: { readonly code: string } | null;
    }[];
  }[];
}

/** It asks for no traffic: what a gate makes of a broken yardstick is tested with the gates. */
const gate = { kind: 'utilization', pollIntervalMs: 500, maxWaitMs: 60_000, swingPoints: 100 };
const over = ['Succeeded', 'Failed', 'RolledBack', 'RollbackFailed', 'Cancelled'];
const CODES = { crash: 'crash-loop', sick: 'unhealthy', hang: 'unhealthy' } as const;
type Trouble = keyof typeof CODES;

describe('a good release over a broken one', () => {
  let tidegate: Tidegate;
  let client: Client;
  let nodes: TestNode[];
  let service: TestService;
  let troubles: string;
  let count = 0;

  beforeAll(async () => {
    tidegate = await Tidegate.start();
    client = await tidegate.client();
    nodes = await tidegate.addNodes(2);
  });

  afterAll(() => tidegate?.stop());

  beforeEach(async () => {
    count += 1;
    // On a busy machine this file takes longer than a token is good for.
    client = await tidegate.client();
    troubles = await mkdtemp(join(tmpdir(), 'tidegate-troubles-'));
    service = new TestService(client, `orders-${count}`, await freePort(nodeOffsets(2)));
    await service.push('1.0.0', { troubles });
    await service.push('2.0.0');
    await succeeds('1.0.0', 'direct');
  });

  afterEach(() => rm(troubles, { recursive: true, force: true }));

  async function post(version: string, strategy: object, more: object = {}) {
    const { status, body } = await client.post('/deployments', {
      moduleName: service.name,
      version,
      targetEnvironment: 'QA',
      gate,
      strategy,
      ...more,
    });
    expect({ status, body }).toMatchObject({ status: 202 });
    return body as { id: string; warnings?: string[] };
  }

  const until = (id: string, wanted: (deployment: Deployment) => boolean) =>
    client.until<Deployment>(
      `/deployments/${id}`,
      (one) => over.includes(one.status) || wanted(one),
      90_000,
    );

  /** Fails with the deployment's story when it ends in another way, or not at all. */
  async function ends(id: string, wanted: Deployment['status']): Promise<Deployment> {
    let what: string;
    try {
      const end = await until(id, () => false);
      if (end.status === wanted) return end;
      what = `${id} ended ${end.status}, not ${wanted}: ${end.reason}`;
    } catch (error) {
      what = (error as Error).message;
    }
    throw new Error(`${what}\n${await storyOf(tidegate, id)}`);
  }

  async function succeeds(version: string, kind: string, params: object = {}): Promise<Deployment> {
    return ends((await post(version, { kind, ...params })).id, 'Succeeded');
  }

  const untilNodes = (are: (own: NodePage['items'][number]['modules'][number][]) => boolean) =>
    client.until<NodePage>(
      '/nodes?limit=200',
      ({ items }) =>
        are(items.flatMap(({ modules }) => modules.filter(({ name }) => name === service.name))),
      60_000,
    );

  /** What runs on these nodes breaks, and its agents have said so. */
  async function breakOn(broken: readonly TestNode[], how: Trouble): Promise<void> {
    await Promise.all(broken.map(({ name }) => writeFile(join(troubles, name), how)));
    await untilNodes(
      (own) => own.filter(({ reason }) => reason?.code === CODES[how]).length === broken.length,
    );
  }

  async function events(id: string): Promise<Event[]> {
    const { body } = await client.get(`/deployments/${id}/events?limit=200`);
    return body.items as Event[];
  }

  const answersOn = async ({ portOffset }: TestNode) =>
    fetch(`http://127.0.0.1:${service.port + portOffset}/`).then((answer) => answer.text());

  it.each<[string, Trouble, string, object]>([
    ['blue-green, with a blue that crash-loops', 'crash', 'blue-green', { keepBlueMs: 600_000 }],
    ['blue-green, with a blue that is unwell', 'sick', 'blue-green', { keepBlueMs: 600_000 }],
    ['blue-green, with a blue that hangs', 'hang', 'blue-green', { keepBlueMs: 600_000 }],
    ['canary by traffic, beside one that crash-loops', 'crash', 'canary', { trafficPercent: 50 }],
    ['canary by traffic, beside one that is unwell', 'sick', 'canary', { trafficPercent: 50 }],
    ['rolling, where nobody serves', 'crash', 'rolling', { maxUnavailable: 1 }],
    ['direct', 'crash', 'direct', {}],
  ])('takes its place by %s', async (_, how, kind, params) => {
    await breakOn(nodes, how);
    const { id, warnings } = await post('2.0.0', { kind, ...params });
    const warning = expect.stringMatching(
      new RegExp(`What runs now is down: 1\\.0\\.0 on node-1, node-2 \\(${CODES[how]}\\)`),
    );
    expect(await ends(id, 'Succeeded')).toMatchObject({ reason: null });
    expect(warnings).toEqual([warning]);
    expect(await Promise.all(nodes.map(answersOn))).toEqual(['2.0.0', '2.0.0']);
    const recheck = (await events(id)).find(
      ({ kind: event, step }) => event === 'step-succeeded' && step === 'recheck',
    );
    expect(recheck?.data.warnings).toEqual([warning]);
    const own = { moduleName: service.name, targetEnvironment: 'QA', strategy: { kind: 'direct' } };
    const { body } = await client.post('/deployments/plan', { ...own, version: '1.0.0' });
    expect(body.warnings).toBeUndefined();
  });

  it('says beforehand, in the plan that nothing is done for, what going back would bring back', async () => {
    await breakOn(nodes.slice(0, 1), 'crash');
    const request = { moduleName: service.name, version: '2.0.0', targetEnvironment: 'QA' };
    const { body } = await client.post('/deployments/plan', request);
    expect(body.warnings).toEqual([
      'What runs now is down: 1.0.0 on node-1 (crash-loop). Going back brings back just that.',
    ]);
  });

  it('begins a rolling update with the node that is down, though no other may be away', async () => {
    await breakOn(nodes.slice(1), 'sick');
    const end = await succeeds('2.0.0', 'rolling', { maxUnavailable: 1 });
    const { body } = await client.get(`/deployments/${end.id}/plan`);
    const [plan] = body.plans as { steps: { id: string; nodes: string[] }[] }[];
    const moves = plan!.steps.filter(({ id }) => id.endsWith('.move'));
    expect(moves.map((step) => step.nodes)).toEqual([['node-2'], ['node-1']]);
  });

  it('goes back to what is down as it was, says so, and does not hold it against the next', async () => {
    await service.push('2.1.0', { isSick: true });
    await breakOn(nodes, 'crash');
    const { id: badId } = await post('2.1.0', { kind: 'blue-green' });
    const bad = await ends(badId, 'RolledBack');
    expect(bad.reason).toMatch(/orders-\d+ 2\.1\.0 was not healthy/);
    expect(bad.reason).toMatch(
      /back as before, and down as before: 1\.0\.0 on node-1, node-2 \(crash-loop\)/,
    );
    const undone = (await events(bad.id)).find(({ kind }) => kind === 'undo-planned');
    expect(undone?.data).toMatchObject({
      cause: 'release',
      warnings: [expect.stringContaining('What ran before was down: 1.0.0 on node-1, node-2')],
    });
    await succeeds('2.0.0', 'direct');
    const back = await client.post(`/deployments/${bad.id}/retry`, {});
    expect(back.status).toBe(202);
    const { reason } = await ends(back.body.id as string, 'RolledBack');
    expect(reason).not.toContain('down as before');
  });

  it('keeps what it has when a person wants back what does not come up, and leaves it to people', async () => {
    const endless = { ...gate, minWaitMs: 3_600_000, maxWaitMs: 7_200_000 };
    const strategy = { kind: 'canary', trafficPercent: 50, wavesPercent: [100] };
    await breakOn(nodes, 'crash');
    const { id } = await post('2.0.0', strategy, { gate: endless });
    await until(id, ({ waitingOn }) => waitingOn?.kind === 'gate');
    // Two releases beside each other, one of them down: that is no drift, and nothing to repair.
    await untilNodes((own) => own.every(({ running, drift }) => running.length === 1 && !drift));
    const { body } = await client.get(`/deployments/${id}/explain`);
    expect(body.summary).toMatch(/What runs now is down: 1\.0\.0 on node-1, node-2 \(crash-loop\)/);
    expect((await client.post(`/deployments/${id}/cancel`, {})).status).toBe(202);
    const end = await ends(id, 'RollbackFailed');
    expect(end.reason).toMatch(
      /1\.0\.0 ended before it was healthy.*still has the release that was to be rolled back/,
    );
    await untilNodes((own) => own.every(({ running }) => running[0]?.version === '2.0.0'));
    await succeeds('2.0.0', 'direct');
    expect(await Promise.all(nodes.map(answersOn))).toEqual(['2.0.0', '2.0.0']);
  });

  it('is not kept waiting for a blue that breaks while it is kept', async () => {
    const { id } = await post('2.0.0', { kind: 'blue-green', keepBlueMs: 600_000 });
    const kept = await until(id, ({ waitingOn }) => waitingOn?.kind === 'keep');
    expect(kept.waitingOn?.detail).toMatch(/switches back at once$/);
    await writeFile(join(troubles, 'node-1'), 'crash');
    const half = await until(id, ({ waitingOn }) => /but not on/.test(waitingOn?.detail ?? ''));
    expect(half).toMatchObject({
      status: 'Running',
      waitingOn: { detail: expect.stringMatching(/but not on node-1, .*down \(crash-loop\)/) },
    });
    await writeFile(join(troubles, 'node-2'), 'hang');
    await ends(id, 'Succeeded');
    const keep = (await events(id)).find(
      ({ kind, step }) => kind === 'step-succeeded' && step === 'w3.keep',
    );
    expect(keep?.data).toMatchObject({ down: 2 });
  });

  it.each<[string, Trouble]>([
    ['hangs', 'hang'],
    ['crash-loops', 'crash'],
  ])('may be the same once more: what %s is started anew', async (_, how) => {
    await breakOn(nodes.slice(0, 1), how);
    await rm(join(troubles, 'node-1'));
    await succeeds('1.0.0', 'direct');
    await untilNodes((own) => own.every(({ reason }) => reason === null));
  });

  it('is warned of again when somebody wants back what was down when it was replaced', async () => {
    await breakOn(nodes, 'sick');
    const end = await succeeds('2.0.0', 'direct');
    const { status, body } = await client.post(`/deployments/${end.id}/rollback`, {});
    expect({ status, body }).toMatchObject({
      status: 202,
      body: {
        version: '1.0.0',
        warnings: [
          `What is to come back was down when deployment ${end.id} replaced it: 1.0.0 on node-1, node-2 (unhealthy).`,
        ],
      },
    });
    // It is tried all the same, it does not come up, and what is good stays.
    await ends(body.id as string, 'RolledBack');
    expect(await Promise.all(nodes.map(answersOn))).toEqual(['2.0.0', '2.0.0']);
  });
});
