import { EngineRig, planOf, waitUntil } from '../../test/support/engine-rig.js';

describe('verbs on their way', () => {
  it.each<[string, string, object, string]>([
    ['cancel before anything moved', 'slot', {}, 'Cancelled'],
    ['cancel after something moved', 'w1.gate', {}, 'Cancelled'],
    ['cancel and leave the nodes', 'w1.gate', { leave: true }, 'Cancelled'],
  ])('%s', async (name, during, params, status) => {
    const rig = new EngineRig();
    const key = rig.store.add(planOf());
    rig.script = { [during]: ({ now }) => waitUntil(now + 1_000) };
    let isAsked = false;
    const run = await rig.drive(key, ({ waitingOn }) => {
      if (waitingOn?.kind !== 'test' || isAsked) return;
      isAsked = true;
      rig.store.ask(key, 'cancel', params as { leave?: boolean });
    });
    expect(run).toMatchObject({ status, reason: 'cancelled by olga' });
    const hasUndo = run.entries.some(({ kind }) => kind === 'undo-planned');
    expect(hasUndo).toBe(name === 'cancel after something moved');
  });

  it('that came too late are journalled as ignored', async () => {
    const rig = new EngineRig();
    const key = rig.store.add(planOf());
    rig.store.ask(key, 'resume');
    const run = await rig.drive(key);
    expect(run.status).toBe('Succeeded');
    expect(run.entries.find(({ kind }) => kind === 'applied')).toMatchObject({
      actor: 'olga',
      data: { number: 1, verb: 'resume', ignored: 'not possible while Pending' },
    });
  });
});

describe('verbs behind the one that ends the run', () => {
  it('are journalled as ignored, and none is lost', async () => {
    const rig = new EngineRig();
    const key = rig.store.add(planOf());
    for (const verb of ['cancel', 'cancel', 'pause'] as const) rig.store.ask(key, verb);
    const run = await rig.drive(key);
    expect(run.status).toBe('Cancelled');
    const applied = run.entries.filter(({ kind }) => kind === 'applied').map(({ data }) => data);
    expect(applied).toEqual([
      { number: 1, verb: 'cancel' },
      { number: 2, verb: 'cancel', ignored: 'not possible while Cancelled' },
      { number: 3, verb: 'pause', ignored: 'not possible while Cancelled' },
    ]);
    expect(run.entries.at(-1)?.kind).toBe('finished');
  });

  it('are waited for when they come while it is applied', async () => {
    const rig = new EngineRig();
    const key = rig.store.add(planOf());
    rig.store.ask(key, 'cancel');
    const load = rig.store.load.bind(rig.store);
    rig.store.load = async (lease) => {
      const run = await load(lease);
      if (run.verbs.length === 1) rig.store.ask(key, 'pause');
      return run;
    };
    const run = await rig.drive(key);
    expect(run.entries.filter(({ kind }) => kind === 'applied')).toHaveLength(2);
  });
});

describe('a verb between the last look and the end', () => {
  it('is not lost', async () => {
    const rig = new EngineRig();
    const key = rig.store.add(planOf());
    const commit = rig.store.commit.bind(rig.store);
    let isAsked = false;
    // The end has a transaction of its own, because it locks the slot: just before that one.
    rig.store.commit = (lease, options, work) => {
      const last = rig.store.run(key).entries.at(-1);
      if (!isAsked && last?.stepId === 'w2.gate' && last.kind === 'step-succeeded') {
        isAsked = true;
        rig.store.ask(key, 'cancel');
      }
      return commit(lease, options, work);
    };
    expect(await rig.drive(key)).toMatchObject({ status: 'Cancelled' });
  });
});
