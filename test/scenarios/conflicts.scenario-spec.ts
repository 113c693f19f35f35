import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { setOnConflict } from '../support/environment-rules.js';
import { eventually } from '../support/eventually.js';
import { endlessGate, idOf, VerbsRig } from '../support/verbs-rig.js';

jest.setTimeout(90_000);

describe('a deployment where another one is not over', () => {
  let rig: VerbsRig;

  beforeAll(async () => {
    rig = await VerbsRig.start(2);
  });

  afterEach(() => {
    for (const node of rig.nodes) node.script = () => ({});
  });

  afterAll(() => rig?.stop());

  it('is refused by "reject", which names the active one, even at the same moment', async () => {
    await setOnConflict(rig.client, 'QA', 'reject');
    const module = await rig.module('1.0.0', '2.0.0');
    const slow = { strategy: { kind: 'canary' }, gate: endlessGate };
    const answers = await Promise.all(
      ['1.0.0', '2.0.0', '1.0.0', '2.0.0'].map((version) => rig.post(module, version, slow)),
    );
    const accepted = answers.filter(({ status }) => status === 202);
    expect(accepted).toHaveLength(1);
    const id = idOf(accepted[0]!);
    for (const { body } of answers.filter(({ status }) => status !== 202)) {
      expect(body).toMatchObject({ code: 'deployment-in-progress', details: { activeId: id } });
    }
    expect((await rig.verb(id, 'cancel')).status).toBe(202);
    await rig.ended(id);
    expect(await rig.deploy(module, '2.0.0')).toMatchObject({ status: 'Succeeded' });
  });

  it('takes the place of the others by "supersede", but only when they are undone', async () => {
    await setOnConflict(rig.client, 'QA', 'supersede');
    const module = await rig.module('1.0.0', '2.0.0', '3.0.0', '4.0.0');
    await rig.deploy(module, '1.0.0');
    const active = await rig.watched(module, '2.0.0');
    const held = rig.nodes.find((node) => node.versions(module).includes('2.0.0'))!;
    // The way back takes its time: until the node is back nothing of the new one may move.
    held.script = ({ releases }) =>
      releases.some(({ version }) => version === '1.0.0') ? { state: 'converging' } : {};
    const direct = { strategy: { kind: 'direct' } };
    const queued = idOf(await rig.post(module, '3.0.0', direct));
    await rig.until(active, ({ status }) => status === 'RollingBack');
    const last = idOf(await rig.post(module, '4.0.0', direct));
    expect(await rig.ended(queued)).toMatchObject({
      status: 'Cancelled',
      reason: `superseded by deployment ${last}`,
    });
    const waiting = await rig.client.until<{ waitingOn: { kind: string } | null }>(
      `/deployments/${last}`,
      ({ waitingOn }) => waitingOn?.kind === 'slot',
    );
    expect(waiting).toMatchObject({ status: 'Pending' });
    await eventually(() => expect(held.versions(module)).toEqual(['1.0.0']));

    held.script = () => ({});
    expect(await rig.ended(last)).toMatchObject({ status: 'Succeeded' });
    expect(await rig.ended(active)).toMatchObject({
      status: 'Cancelled',
      reason: `superseded by deployment ${queued}`,
    });
    const [created] = await rig.journal(queued);
    expect(created?.data).toMatchObject({ supersedes: [active] });
    expect((await rig.journal(active)).find(({ kind }) => kind === 'requested')).toMatchObject({
      actor: 'system:supersede',
      data: { verb: 'cancel', reason: `superseded by deployment ${queued}` },
    });
  });

  it('never supersedes a rollback, and a rollback goes first in the queue', async () => {
    await setOnConflict(rig.client, 'QA', 'queue');
    const module = await rig.module('1.0.0', '2.0.0', '3.0.0');
    await rig.deploy(module, '1.0.0');
    const second = await rig.deploy(module, '2.0.0');
    const active = await rig.watched(module, '3.0.0');
    const direct = { strategy: { kind: 'direct' } };
    const queued = idOf(await rig.post(module, '3.0.0', direct));
    const rollback = idOf(await rig.verb(second.id, 'rollback'));
    const inQueue = (id: string) =>
      rig.client.until(
        `/deployments/${id}`,
        ({ waitingOn }: { waitingOn: { kind: string } | null }) => waitingOn?.kind === 'slot',
      );
    await Promise.all([inQueue(queued), inQueue(rollback)]);
    await setOnConflict(rig.client, 'QA', 'supersede');
    const last = idOf(await rig.post(module, '2.0.0', direct));
    const ends = await Promise.all([active, queued, rollback, last].map((id) => rig.ended(id)));
    expect(ends.map(({ status }) => status)).toEqual([
      'Cancelled',
      'Cancelled',
      'Succeeded',
      'Succeeded',
    ]);
    const [, , back, after] = ends as unknown as { startedAt: string; finishedAt: string }[];
    expect(Date.parse(after!.startedAt)).toBeGreaterThanOrEqual(Date.parse(back!.finishedAt));
  });
});
