import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VerbsRig } from '../support/verbs-rig.js';

describe('promote', () => {
  let rig: VerbsRig;

  beforeAll(async () => {
    rig = await VerbsRig.start(2);
  });

  afterAll(() => rig?.stop());

  it('ends the open gate, with who and why in the journal, and only that gate', async () => {
    const id = await rig.watched(await rig.module('1.0.0'), '1.0.0');
    const explained = await rig.client.get(`/deployments/${id}/explain`);
    expect(explained.body.verbs).toEqual(['pause', 'promote', 'cancel']);

    const other = { reason: 'checked by hand', step: 'w2.stabilization' };
    expect(await rig.verb(id, 'promote', other)).toMatchObject({
      status: 409,
      body: { code: 'nothing-to-promote', details: { step: 'w1.stabilization' } },
    });
    const meant = { reason: 'checked by hand', step: 'w1.stabilization' };
    expect((await rig.verb(id, 'promote', meant)).status).toBe(202);
    await rig.until(id, ({ gateCheck }) => gateCheck?.step === 'w2.stabilization');
    const entries = await rig.journal(id);
    expect(entries.filter(({ kind }) => ['requested', 'applied'].includes(kind))).toMatchObject([
      { kind: 'requested', actor: 'admin', data: { verb: 'promote', reason: 'checked by hand' } },
      { kind: 'applied', actor: 'admin', data: { verb: 'promote' } },
    ]);
    const gate = entries.find(
      ({ kind, step }) => kind === 'step-succeeded' && step === 'w1.stabilization',
    );
    expect(gate?.data).toMatchObject({ promoted: true, by: 'admin', reason: 'checked by hand' });
    expect(gate?.data).toHaveProperty('reading');

    // A second click, meant for the first gate, does not open the second.
    expect(await rig.verb(id, 'promote', meant)).toMatchObject({
      status: 409,
      body: { code: 'nothing-to-promote' },
    });
    expect((await rig.verb(id, 'promote', { reason: 'and this one' })).status).toBe(202);
    expect(await rig.ended(id)).toMatchObject({ status: 'Succeeded' });
  });

  it('asks for a reason, an open gate and the version that was seen', async () => {
    const id = await rig.watched(await rig.module('1.0.0'), '1.0.0');
    expect(await rig.verb(id, 'promote', {})).toMatchObject({
      status: 400,
      body: { code: 'validation-failed' },
    });
    const reason = { reason: 'in a hurry' };
    expect(await rig.verb(id, 'promote', reason, { 'if-match': '"1"' })).toMatchObject({
      status: 412,
      body: { code: 'version-mismatch' },
    });
    expect((await rig.verb(id, 'pause')).status).toBe(202);
    await rig.until(id, ({ status }) => status === 'Paused');
    expect(await rig.verb(id, 'promote', reason)).toMatchObject({
      status: 409,
      body: { code: 'state-not-suitable', details: { status: 'Paused' } },
    });
    expect((await rig.verb(id, 'cancel')).status).toBe(202);
    expect(await rig.ended(id)).toMatchObject({ status: 'Cancelled' });
  });

  it('never lets a release through that a node reports failed', async () => {
    const id = await rig.watched(await rig.module('1.0.0'), '1.0.0');
    const [first] = rig.nodes;
    first!.script = () => ({ state: 'failed', reason: { code: 'crashed', message: 'exit 1' } });
    try {
      const answer = await rig.verb(id, 'promote', { reason: 'in a hurry' });
      // Taken before the report came, or refused after: never heard.
      expect([202, 409]).toContain(answer.status);
      const { status } = await rig.until(id, (shown) => shown.status !== 'Running');
      expect(['RollingBack', 'RolledBack', 'RollbackFailed']).toContain(status);
    } finally {
      first!.script = () => ({});
    }
  });
});
