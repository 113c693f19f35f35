import { EngineRig, planOf } from '../../test/support/engine-rig.js';
import { eventually } from '../../test/support/eventually.js';
import type { FakeRun } from '../../test/support/fake-run-store.js';
import { limits } from '../kernel/limits.js';
import { Fenced } from './run-store.js';

describe('a step that only looks', () => {
  const looks = () => new EngineRig(undefined, { onlyLooks: true });
  const kindsOf = ({ entries }: FakeRun) =>
    entries.filter(({ stepId }) => stepId === 'preflight').map(({ kind }) => kind);

  it('is written down once, when it is over', async () => {
    const rig = looks();
    const key = rig.store.add(planOf());
    rig.script = {
      preflight: () => {
        expect(kindsOf(rig.store.run(key))).toEqual([]);
        return { outcome: 'done' };
      },
    };
    expect(kindsOf(await rig.drive(key))).toEqual(['step-started', 'step-succeeded']);
    expect.assertions(2);
  });

  it('is seen to have started while it is slow, and runs once all the same', async () => {
    const rig = looks();
    const key = rig.store.add(planOf());
    const untilSeen = () => eventually(() => expect(kindsOf(rig.store.run(key))).toHaveLength(1));
    rig.script = { preflight: () => untilSeen().then(() => ({ outcome: 'done' })) };
    expect(kindsOf(await rig.drive(key))).toEqual(['step-started', 'step-succeeded']);
    expect(rig.outside).toEqual(['1:preflight']);
  });

  it('has looked once, also when somebody has asked for something while it was slow', async () => {
    const rig = looks();
    const key = rig.store.add(planOf());
    const commit = rig.store.commit.bind(rig.store);
    // Cancelled just before its start is written down.
    rig.store.commit = (lease, options, work) => {
      if (rig.outside.length === 0) rig.store.ask(key, 'cancel');
      return commit(lease, options, work);
    };
    const untilSeen = () => eventually(() => expect(kindsOf(rig.store.run(key))).toHaveLength(1));
    rig.script = { preflight: () => untilSeen().then(() => ({ outcome: 'done' })) };
    const run = await rig.drive(key);
    expect(run.status).toBe('Cancelled');
    expect(kindsOf(run)).toEqual(['step-started', 'step-succeeded']);
    expect(rig.outside).toEqual(['1:preflight']);
  });

  it('may fail in a way that is ours while its start is written down', async () => {
    const rig = looks();
    const key = rig.store.add(planOf());
    const untilSeen = () => eventually(() => expect(kindsOf(rig.store.run(key))).toHaveLength(1));
    rig.script = {
      preflight: async () => {
        await untilSeen();
        throw new Fenced();
      },
    };
    await expect(rig.drive(key)).rejects.toThrow(Fenced);
  });

  it('is not left behind when its start cannot be written down', async () => {
    const rig = looks();
    const key = rig.store.add(planOf());
    const commit = rig.store.commit.bind(rig.store);
    let tries = 0;
    rig.store.commit = (lease, options, work) => {
      tries += 1;
      return tries === 1 ? Promise.reject(new Fenced()) : commit(lease, options, work);
    };
    const untilTried = () => eventually(() => expect(tries).toBe(1));
    rig.script = { preflight: () => untilTried().then(() => ({ outcome: 'done' })) };
    await expect(rig.drive(key)).rejects.toThrow(Fenced);
    expect(rig.outside).toEqual(['1:preflight']);
  });

  it('counts its failures', async () => {
    const rig = looks();
    rig.script = { preflight: () => Promise.reject(new Error('no bytes')) };
    const run = await rig.drive(rig.store.add(planOf()));
    expect(run.status).toBe('Failed');
    expect(kindsOf(run).filter((kind) => kind === 'step-failed')).toHaveLength(limits.stepAttempts);
  });
});
