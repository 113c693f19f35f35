import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { nodeOffsets, type TestNode } from '../support/nodes.js';
import { TestService } from '../support/service.js';
import { Tidegate } from '../support/tidegate.js';
import { idOf, type Shown } from '../support/verbs-rig.js';

jest.setTimeout(120_000);

let tidegate: Tidegate;
let client: Client;
let node: TestNode;
beforeAll(async () => {
  tidegate = await Tidegate.start();
  client = await tidegate.client();
  [node] = (await tidegate.addNodes(1)) as [TestNode];
});
afterAll(() => tidegate?.stop());

/** Each begins by leaving a line; what is not idempotent then takes its time. */
class Hooks {
  private readonly diary: string;

  constructor(name: string) {
    this.diary = join(tidegate.home, `diary-${name}`);
  }

  get manifest() {
    const hook = (name: string, seconds: number) => ({
      command: 'sh',
      args: ['-c', `echo ${name} >> ${this.diary}; sleep ${seconds}`],
      idempotent: false,
      timeoutMs: 30_000,
    });
    return { beforeInstall: hook('before', 0), afterInstall: hook('migrate', 3) };
  }

  get runs(): string[] {
    return existsSync(this.diary) ? readFileSync(this.diary, 'utf8').trim().split('\n') : [];
  }
}

/** Deploys a release whose agent dies inside the hook; answers when the rollout has stopped. */
async function cutOff(name: string): Promise<{ id: string; hooks: Hooks }> {
  const hooks = new Hooks(name);
  const service = new TestService(client, name, await freePort(nodeOffsets(1)));
  await service.push('1.0.0', { hooks: hooks.manifest });
  const id = idOf(
    await client.post('/deployments', {
      moduleName: name,
      version: '1.0.0',
      targetEnvironment: 'QA',
      strategy: { kind: 'direct' },
    }),
  );
  await eventually(() => expect(hooks.runs).toContain('migrate'));
  await node.killAgent();
  await node.run();
  await client.until<Shown>(`/deployments/${id}`, ({ status }) => status === 'Paused', 40_000);
  return { id, hooks };
}

const ended = (id: string) =>
  client.until<Shown>(
    `/deployments/${id}`,
    ({ status }) => ['Succeeded', 'Failed', 'RolledBack', 'Cancelled'].includes(status),
    60_000,
  );

it('a hook that a crash has cut off stops the rollout; that it was done lets it go on', async () => {
  const { id, hooks } = await cutOff('migrations');
  const { body } = await client.get(`/deployments/${id}/explain`);
  expect(body).toMatchObject({
    status: 'Paused',
    waitingOn: { kind: 'attention', verb: 'resume' },
    summary: expect.stringMatching(/node-1.*"afterInstall".*"done".*"retry"/),
  });
  expect(await client.post(`/deployments/${id}/resume`, {})).toMatchObject({
    status: 409,
    body: { code: 'hook-outcome-needed', details: { nodes: ['node-1'] } },
  });
  const answer = { outcome: 'done', reason: 'the tables are there' };
  expect((await client.post(`/deployments/${id}/resume`, answer)).status).toBe(202);
  expect(await ended(id)).toMatchObject({ status: 'Succeeded' });
  expect(hooks.runs).toEqual(['before', 'migrate']);
  const events = (await client.get(`/deployments/${id}/events?limit=200`)).body.items as {
    kind: string;
    actor: string;
    data: Record<string, unknown>;
  }[];
  const applied = events.filter(({ kind }) => kind === 'applied');
  expect(applied).toMatchObject([{ actor: 'admin', data: { verb: 'resume', ...answer } }]);
  expect(events.find(({ kind }) => kind === 'step-note')?.data).toMatchObject({
    answered: 'done',
    nodes: ['node-1'],
    by: 'admin',
    reason: answer.reason,
  });
});

it('is run once more when a person says so, and what was done before it is not', async () => {
  const { id, hooks } = await cutOff('backfill');
  const answer = { outcome: 'retry', reason: 'nothing was written', node: 'node-1' };
  expect((await client.post(`/deployments/${id}/resume`, answer)).status).toBe(202);
  expect(await ended(id)).toMatchObject({ status: 'Succeeded' });
  expect(hooks.runs).toEqual(['before', 'migrate', 'migrate']);
});

it('can be cancelled instead, which takes back what has moved', async () => {
  const { id, hooks } = await cutOff('abandoned');
  const cancelled = await client.post(`/deployments/${id}/cancel`, { reason: 'not today' });
  expect(cancelled.status).toBe(202);
  expect(await ended(id)).toMatchObject({ status: 'Cancelled', reason: 'not today' });
  expect(hooks.runs).toEqual(['before', 'migrate']);
});
