/**
 * What other systems of this kind were caught with in public, as tests. The rest of that list stands
 * where it belongs; docs/reliability.md says where.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Client } from '../support/client.js';
import { ScriptedNode } from '../support/scripted-node.js';
import { TestService } from '../support/service.js';
import { ADMIN_PASSWORD, Tidegate } from '../support/tidegate.js';
import { idOf, VerbsRig, type Shown } from '../support/verbs-rig.js';

jest.setTimeout(120_000);

const direct = { strategy: { kind: 'direct' } };

describe('what others got wrong', () => {
  let rig: VerbsRig;

  beforeAll(async () => {
    rig = await VerbsRig.start(2);
  });

  afterEach(() => {
    for (const node of rig.nodes) node.script = () => ({});
  });

  afterAll(() => rig?.stop());

  const generations = (module: string) =>
    rig.nodes.map(({ statement }) =>
      statement?.modules.filter(({ name }) => name === module).map(({ generation }) => generation),
    );

  it('argo-rollouts#1292: cancelling where nothing is in progress moves nothing', async () => {
    const module = await rig.module('1.0.0', '2.0.0');
    const done = await rig.deploy(module, '1.0.0');
    const before = generations(module);
    expect(await rig.verb(done.id, 'cancel')).toMatchObject({
      status: 409,
      body: { code: 'state-not-suitable', details: { status: 'Succeeded' } },
    });

    const active = await rig.watched(module, '2.0.0');
    const during = generations(module);
    const waiting = idOf(await rig.post(module, '1.0.0', direct));
    await rig.client.until<{ waitingOn: { kind: string } | null }>(
      `/deployments/${waiting}`,
      ({ waitingOn }) => waitingOn?.kind === 'slot',
    );
    expect((await rig.verb(waiting, 'cancel')).status).toBe(202);
    expect(await rig.ended(waiting)).toMatchObject({ status: 'Cancelled' });
    expect(generations(module)).toEqual(during);
    expect(during).not.toEqual(before);

    expect((await rig.verb(active, 'cancel')).status).toBe(202);
    expect(await rig.ended(active)).toMatchObject({ status: 'Cancelled' });
    expect(rig.nodes.map((node) => node.versions(module))).toEqual([['1.0.0'], ['1.0.0']]);
  });

  it('Octopus: what was rejected can be tried again', async () => {
    const module = await rig.module('1.0.0');
    const { id } = await rig.deploy(module, '1.0.0');
    await rig.sql(`update deployments set status = 'Rejected' where id = $1`, [id]);
    const again = await rig.ended(idOf(await rig.verb(id, 'retry', { reason: 'approved now' })));
    expect(again).toMatchObject({ kind: 'retry', originId: id, status: 'Succeeded' });
  });

  it('Octopus#8214: twenty cancels at once lead to one end, and the next one goes on', async () => {
    const module = await rig.module('1.0.0', '2.0.0');
    await rig.deploy(module, '1.0.0');
    const active = await rig.watched(module, '2.0.0');
    const next = idOf(await rig.post(module, '1.0.0', direct));
    const asked = await Promise.all(
      Array.from({ length: 20 }, (_, at) => rig.verb(active, 'cancel', { leave: at % 2 === 1 })),
    );
    for (const { status } of asked) expect([202, 409]).toContain(status);
    expect(await rig.ended(active)).toMatchObject({ status: 'Cancelled' });
    expect(await rig.ended(next)).toMatchObject({ status: 'Succeeded' });
    const entries = await rig.journal(active);
    expect(entries.filter(({ kind }) => kind === 'finished')).toHaveLength(1);
    const count = (wanted: string) => entries.filter(({ kind }) => kind === wanted).length;
    expect(count('applied')).toBe(count('requested'));
  });

  it('Octopus#7779: what the engine does by itself is in the audit trail', async () => {
    const module = await rig.module('1.0.0', '2.0.0');
    await rig.deploy(module, '1.0.0');
    for (const node of rig.nodes) {
      node.script = ({ releases }) =>
        releases.some(({ version }) => version === '2.0.0') ? { state: 'failed' } : {};
    }
    const { id, status } = await rig.deploy(module, '2.0.0');
    expect(status).toBe('RolledBack');
    const trail = await rig.sql<{ action: string; actor: string }>(
      'select action, actor from audit_entries where subject_id = $1 order by at, id',
      [id],
    );
    expect(trail).toEqual([
      { action: 'deployment-created', actor: 'admin' },
      { action: 'deployment-started', actor: 'system:engine' },
      { action: 'deployment-wave-moved', actor: 'system:engine' },
      { action: 'deployment-rollback-started', actor: 'system:engine' },
      { action: 'deployment-wave-moved', actor: 'system:engine' },
      { action: 'deployment-rolled-back', actor: 'system:engine' },
    ]);
  });

  it('argo-rollouts#2939: going back after the end is one fast plan without gates', async () => {
    const module = await rig.module('1.0.0', '2.0.0');
    await rig.deploy(module, '1.0.0');
    const { id } = await rig.deploy(module, '2.0.0');
    const back = await rig.ended(idOf(await rig.verb(id, 'rollback', {})));
    expect(back).toMatchObject({ kind: 'rollback', status: 'Succeeded', version: '1.0.0' });
    const kinds = (await rig.journal(back.id)).map(({ step }) => step?.split('.').at(-1));
    expect(kinds).not.toContain('stabilization');
  });
});

describe('a control plane that is killed while it takes a release back', () => {
  let tidegate: Tidegate;
  let client: Client;
  const nodes: ScriptedNode[] = [];

  beforeAll(async () => {
    tidegate = await Tidegate.start({ isProcess: true });
    client = await tidegate.client();
    for (const name of ['scripted-1', 'scripted-2']) {
      const node = new ScriptedNode(tidegate.url, name);
      await node.enroll(client, 'QA');
      nodes.push(node);
    }
  });

  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await tidegate?.stop();
  });

  it('pipecd PR#5717: goes on taking it back when it is there again', async () => {
    const service = new TestService(client, 'orders', 8080);
    for (const version of ['1.0.0', '2.0.0']) await service.push(version);
    const post = async (version: string) => {
      const body = { moduleName: 'orders', version, targetEnvironment: 'QA', ...direct };
      return `/deployments/${idOf(await client.post('/deployments', body))}`;
    };
    const isOver = ({ status }: Shown) => ['Succeeded', 'RolledBack', 'Failed'].includes(status);
    await client.until(await post('1.0.0'), isOver, 60_000);
    // The new release fails, and the way back hangs until the control plane has been killed.
    let hangs = true;
    for (const node of nodes) {
      node.script = ({ releases }) => {
        if (releases.some(({ version }) => version === '2.0.0')) return { state: 'failed' };
        return hangs ? { state: 'converging' } : {};
      };
    }
    const path = await post('2.0.0');
    await client.until<Shown>(path, ({ status }) => status === 'RollingBack', 60_000);
    await tidegate.kill();
    hangs = false;
    await tidegate.restart();
    const again = await Client.login(tidegate.url, 'admin', ADMIN_PASSWORD);
    expect(await again.until<Shown>(path, isOver, 60_000)).toMatchObject({ status: 'RolledBack' });
    expect(nodes.map((node) => node.versions('orders'))).toEqual([['1.0.0'], ['1.0.0']]);
  });
});
