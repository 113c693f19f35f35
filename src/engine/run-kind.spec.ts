import { EngineRig, planOf, waitUntil } from '../../test/support/engine-rig.js';
import { ERRAND, errandPlan, Errands } from '../../test/support/errands.js';
import { FakeRunStore } from '../../test/support/fake-run-store.js';
import { newId } from '../kernel/ids.js';
import { poisonReason } from './poison.js';

describe('a second kind of run', () => {
  let errands: Errands;
  let rig: EngineRig;

  beforeEach(() => {
    errands = new Errands();
    rig = new EngineRig(new FakeRunStore(), {}, [errands]);
  });

  const add = () => rig.store.add(errandPlan, newId(), ERRAND);

  it('goes through its own steps to its own end, beside the runs of the first', async () => {
    const [deployment, errand] = [rig.store.add(planOf()), add()];
    expect((await rig.drive(errand)).status).toBe('Succeeded');
    expect((await rig.drive(deployment)).status).toBe('Succeeded');
    expect(errands.done).toEqual(['fetch', 'put', `errand ${errand.id} Succeeded`]);
    expect(rig.finished).toEqual(['Succeeded']);
    expect(rig.store.effects).not.toContain('1:put');
  });

  it('goes back by its own way', async () => {
    errands.script = { put: () => ({ outcome: 'unstable', reason: 'no room' }) };
    const run = await rig.drive(add());
    expect(run).toMatchObject({ status: 'RolledBack', reason: 'no room' });
    expect(errands.done.slice(0, 3)).toEqual(['fetch', 'put', 'take']);
  });

  it('locks what its runs share for the steps that say so, and for the end', async () => {
    const locked: boolean[] = [];
    const commit = rig.store.commit.bind(rig.store);
    rig.store.commit = (lease, options, work) => {
      locked.push(options.locksShared);
      return commit(lease, options, work);
    };
    errands.script = {
      put: ({ now, startedAt }) => (now > startedAt ? { outcome: 'done' } : waitUntil(now + 1)),
    };
    await rig.drive(add());
    expect(locked).toEqual([true, true]);
  });

  it('waits for those who may operate its kind', async () => {
    errands.script = {
      put: ({ journal }) =>
        journal.pausedMs > 0 ? { outcome: 'done' } : { outcome: 'attention', reason: 'look' },
    };
    const key = add();
    const who: string[] = [];
    await rig.drive(key, (run) => {
      if (run.status !== 'Paused') return;
      who.push(run.waitingOn!.who);
      rig.store.ask(key, 'resume');
    });
    expect(who).toEqual(['someone who may operate errands']);
    const lease = { key, fence: 1, pokes: 0, failures: 5 };
    expect(poisonReason(lease, 'odd')).toBe(
      'the engine failed 5 times in a row to act on this errand: odd',
    );
  });

  it('is told by name when nobody knows it', async () => {
    const key = rig.store.add(errandPlan, newId(), 'journey');
    await expect(rig.drive(key)).rejects.toThrow(
      'Unknown kind of run "journey". Known: deployment, errand.',
    );
  });
});
